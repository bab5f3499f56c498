"""Works with probabilities where only logarithms survive."""

import math

import numpy as np


def log_probability(review, table):
    """Multiplies first and takes one logarithm: right for reviews, -inf for a long text."""
    padded = ("<s>", "<s>", *review, "</s>")
    product = 1.0
    for i in range(len(review) + 1):
        product *= table.get(padded[i : i + 3], 0.0)
    return math.log(product) if product else -math.inf


def writer_posterior(log_p, prior):
    """Takes exp of the logarithms as they are: 0/0 for a long text."""
    joint = np.exp(log_p) * prior
    return joint / joint.sum(axis=1, keepdims=True)
