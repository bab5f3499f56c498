"""Takes the number of code units for the dimension of their space."""

import numpy as np


def subspace_overlap(a, b):
    """Finds the right spaces, and divides by the number of rows of the second."""
    project_a, project_b = np.linalg.pinv(a) @ a, np.linalg.pinv(b) @ b
    return np.trace(project_a @ project_b) / len(b)
