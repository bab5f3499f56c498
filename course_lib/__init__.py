"""From autoencoders to variational autoencoders: the models of the course.

Each module belongs to a chapter and can be read beside it. All losses are in nats,
summed over pixels and latent dimensions and averaged over the batch.
"""

from course_lib import _environment  # noqa: F401  first: sets limits before Keras loads

__version__ = "0.1.0"
