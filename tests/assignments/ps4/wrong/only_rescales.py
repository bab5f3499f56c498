"""Makes up for the lost ink, not for the lost pixels."""


def restore(clean, damaged, q, seed):
    """Divides by 1 - q, so that each pixel is right on average."""
    return damaged / (1 - q)
