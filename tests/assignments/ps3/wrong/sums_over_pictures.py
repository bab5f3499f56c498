"""Sums over pictures where a mean is meant."""


def tied_gradient(w, x):
    """Never divides by the number of pictures."""
    h = x @ w
    d_copies = 2 * (h @ w.T - x)
    return x.T @ (d_copies @ w) + d_copies.T @ h
