"""Handwritten digits: scikit-learn's 8x8 pictures, or MNIST."""

import numpy as np

from course_lib.data.dataset import Dataset
from course_lib.data.files import RemoteFile, current_edition

_MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist/"

#: The four files of MNIST, in the order in which `load_digits` reads them.
MNIST_FILES = {
    part: RemoteFile(path=f"mnist/{name}", url=_MNIST + name, sha256=sha256)
    for part, name, sha256 in [
        (
            "x_train",
            "train-images-idx3-ubyte.gz",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        (
            "y_train",
            "train-labels-idx1-ubyte.gz",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        (
            "x_test",
            "t10k-images-idx3-ubyte.gz",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        (
            "y_test",
            "t10k-labels-idx1-ubyte.gz",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ]
}

_DIGIT_NAMES = tuple("0123456789")


def load_digits(edition=None):
    """Load pictures of handwritten digits.

    Args:
        edition: `"embedded"`, `"full"`, or `None` for `COURSE_DATA`'s.

    Returns:
        A `Dataset`. Pictures are `float32` in [0, 1], shape `(n, 8, 8)` (embedded: 1,437
        and 360 of them) or `(n, 28, 28)` (full: 60,000 and 10,000); labels are 0 to 9.

    Raises:
        ValueError: If the edition is unknown or a file has the wrong content.
        FileNotFoundError: If a file of the full edition cannot be had.

    Example:
        >>> load_digits("embedded").x_train.shape
        (1437, 8, 8)
    """
    if current_edition(edition) == "full":
        return _mnist()
    # Imported here: it takes a second, which a notebook on reviews should not wait.
    import sklearn.datasets
    import sklearn.model_selection

    bunch = sklearn.datasets.load_digits()
    images = (bunch.images / 16).astype("float32")
    x_train, x_test, y_train, y_test = sklearn.model_selection.train_test_split(
        images, bunch.target, test_size=360, stratify=bunch.target, random_state=0
    )
    return Dataset(
        name="digits",
        edition="embedded",
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        label_names=_DIGIT_NAMES,
        source="Optical recognition of handwritten digits, E. Alpaydin and C. Kaynak, "
        "UCI repository, as shipped with scikit-learn (CC BY 4.0)",
    )


def _mnist():
    arrays = {part: read_idx(file.read()) for part, file in MNIST_FILES.items()}
    for part in ("x_train", "x_test"):
        arrays[part] = arrays[part].astype("float32") / 255
    for part in ("y_train", "y_test"):
        arrays[part] = arrays[part].astype("int64")
    return Dataset(
        name="digits",
        edition="full",
        **arrays,
        label_names=_DIGIT_NAMES,
        source="MNIST, Y. LeCun and C. Cortes (CC BY-SA 3.0)",
    )


def read_idx(content):
    """Decode the IDX format of MNIST's files.

    Args:
        content: The bytes of an IDX file of unsigned bytes, not compressed.

    Returns:
        A `uint8` array of the shape that the header names.

    Raises:
        ValueError: If the header is not that of unsigned bytes, or the length is wrong.

    Example:
        >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 7])).tolist()
        [5, 7]
    """
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise ValueError(
            f"An IDX file of unsigned bytes starts with 00 00 08. Received: {content[:4].hex(' ')}"
        )
    n_axes = content[3]
    if len(content) < 4 + 4 * n_axes:
        raise ValueError(
            f"The IDX header names {n_axes} axes and ends before their sizes. "
            f"Received: {len(content)} bytes"
        )
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", count=n_axes, offset=4))
    body = np.frombuffer(content, "u1", offset=4 + 4 * n_axes)
    if body.size != np.prod(shape):
        raise ValueError(
            f"The IDX header names shape {shape}, {np.prod(shape)} bytes. "
            f"Received: {body.size} bytes"
        )
    return body.reshape(shape)


def binarize(images, seed=None):
    """Draw each pixel as 0 or 1, with the gray value as the probability of 1.

    A Bernoulli likelihood is a distribution over {0, 1}: pixels have to be binary for
    its logarithm to be a log-probability.

    Args:
        images: Array with values in [0, 1], any shape.
        seed: Seed of the draw, or a `numpy.random.Generator`.

    Returns:
        A `float32` array of zeros and ones, of the shape of `images`.

    Raises:
        ValueError: If a value lies outside [0, 1] or is not a number.

    Example:
        >>> binarize([[0.0, 1.0]], seed=0).tolist()
        [[0.0, 1.0]]
    """
    images = np.asarray(images)
    if not np.all((images >= 0) & (images <= 1)):
        raise ValueError(
            "binarize reads gray values as probabilities, in [0, 1]. "
            f"Received: values from {np.min(images)} to {np.max(images)}"
        )
    return (np.random.default_rng(seed).random(images.shape) < images).astype("float32")
