"""Takes a large product for a small distance."""

import numpy as np


def memorize(x_train, x):
    """Picks the training picture with the largest inner product: a bright one."""
    products = x.reshape(len(x), -1) @ x_train.reshape(len(x_train), -1).T
    codes = np.argmax(products, axis=1)
    return codes, x_train[codes]
