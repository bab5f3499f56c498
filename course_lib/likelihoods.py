"""The likelihoods p(x|z) that a decoder can give parameters to.

Each one knows what the decoder returns (`heads`), how that becomes the parameters of a
distribution, its negative log-likelihood, the expected picture, and which pictures it is
defined on. Losses are in nats, summed over pixels.
"""

from keras import ops

from course_lib.losses import bernoulli_nll, categorical_nll, gaussian_nll


class Bernoulli:
    """Binary pixels, independent given z; the decoder returns their logits.

    Example:
        >>> float(Bernoulli().expectation(logits=ops.zeros((1, 1)))[0, 0])
        0.5
    """

    name = "bernoulli"
    #: What the decoder returns, in order.
    heads = ("logits",)
    #: Whether pictures have to lie in [0, 1].
    needs_unit_interval = True

    def parameters(self, outputs):
        """Return the decoder's outputs as the named parameters of the distribution.

        Args:
            outputs: List of tensors, one for each of `heads`.

        Returns:
            A `dict` of tensors, to be passed to `nll` and `expectation` by name.
        """
        return dict(zip(self.heads, outputs, strict=True))

    def nll(self, x, logits):
        """Return -log p(x|z), a tensor of shape `(batch,)`, in nats."""
        return bernoulli_nll(x, logits)

    def expectation(self, logits):
        """Return the mean of p(x|z), here the probability of a 1 for each pixel."""
        return ops.sigmoid(logits)


class UnitGaussian(Bernoulli):
    """Real pixels with variance 1 around the decoder's output.

    The negative log-likelihood is half the squared error, plus a constant.

    Example:
        >>> float(UnitGaussian().expectation(x_mean=ops.ones((1, 1)))[0, 0])
        1.0
    """

    name = "unit_gaussian"
    heads = ("x_mean",)
    needs_unit_interval = False

    def nll(self, x, x_mean):
        """Return -log p(x|z), a tensor of shape `(batch,)`, in nats."""
        return gaussian_nll(x, x_mean)

    def expectation(self, x_mean):
        """Return the mean of p(x|z)."""
        return x_mean


class Gaussian(UnitGaussian):
    """Real pixels whose mean and variance are both the decoder's outputs.

    A density has no upper limit: the variance of a pixel that never changes would shrink
    forever. Its logarithm is kept above `min_log_var`, smoothly, so that a gradient can
    raise it again: `x_log_var = min_log_var + softplus(output - min_log_var)`.

    Args:
        min_log_var: What the log-variance of a pixel stays above. The default, -8, is a
            standard deviation of 0.018, a fiftieth of the range of pictures in [0, 1].

    Example:
        >>> x = ops.zeros((1, 1))
        >>> float(Gaussian().nll(x, x_mean=x, x_log_var=x)[0])  # log(2 pi) / 2
        0.918938...
    """

    name = "gaussian"
    heads = ("x_mean", "x_log_var")

    def __init__(self, min_log_var=-8.0):
        self.min_log_var = min_log_var

    def parameters(self, outputs):
        x_mean, output = outputs
        x_log_var = self.min_log_var + ops.softplus(output - self.min_log_var)
        return {"x_mean": x_mean, "x_log_var": x_log_var}

    def nll(self, x, x_mean, x_log_var):
        """Return -log p(x|z), a tensor of shape `(batch,)`, in nats; it may be negative."""
        return gaussian_nll(x, x_mean, x_log_var)

    def expectation(self, x_mean, x_log_var):
        """Return the mean of p(x|z)."""
        return x_mean


class Categorical(UnitGaussian):
    """Sequences of tokens, each with a distribution over the vocabulary; 0 is padding.

    Example:
        >>> float(Categorical().nll(ops.array([[1, 0]]), logits=ops.zeros((1, 2, 4)))[0])
        1.386294...
    """

    name = "categorical"
    heads = ("logits",)

    def nll(self, x, logits):
        """Return -log p(x|z), a tensor of shape `(batch,)`, in nats, without the padding."""
        return categorical_nll(x, logits)

    def expectation(self, logits):
        """Return the probability of each token, shape `(batch, length, n_tokens)`."""
        return ops.softmax(logits, axis=-1)


#: The likelihoods by name.
LIKELIHOODS = {kind.name: kind for kind in (Bernoulli, UnitGaussian, Gaussian, Categorical)}


def get_likelihood(name):
    """Return a likelihood by its name.

    Args:
        name: `"bernoulli"`, `"unit_gaussian"`, `"gaussian"` or `"categorical"`.

    Returns:
        A `Bernoulli`, `UnitGaussian`, `Gaussian` or `Categorical`.

    Raises:
        ValueError: If there is none of that name.

    Example:
        >>> get_likelihood("gaussian").heads
        ('x_mean', 'x_log_var')
    """
    if name not in LIKELIHOODS:
        raise ValueError(
            f"likelihood must be one of {tuple(LIKELIHOODS)}. Received: likelihood={name!r}"
        )
    return LIKELIHOODS[name]()
