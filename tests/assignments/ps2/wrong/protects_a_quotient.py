"""Keeps a quotient from dividing by 0 instead of canceling it."""


def preactivation_gradient(x, output, activation, loss):
    """Adds a small number below the line: where the sigmoid is saturated, the gradient is 0."""
    if loss == "cross-entropy":
        return (output - x) / (output * (1 - output) + 1e-7) * output * (1 - output) / len(x)
    slope = {
        "linear": 1,
        "relu": output > 0,
        "sigmoid": output * (1 - output),
        "tanh": 1 - output**2,
    }
    return 2 * (output - x) * slope[activation] / len(x)
