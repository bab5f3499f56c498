"""Differentiates as if the encoder's weights were constant."""


def tied_gradient(w, x):
    """Forgets the path through the encoder."""
    h = x @ w
    return 2 * (h @ w.T - x).T @ h / len(x)
