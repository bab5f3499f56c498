"""Measurements of breast tumors: scikit-learn's table, for anomalies and classifiers."""

from course_lib.data.dataset import Dataset
from course_lib.data.files import current_edition


def load_tumors(edition=None):
    """Load 30 measurements of the cell nuclei of each of 569 breast tumors.

    Both editions hold the same table. Measurements are raw: areas in the hundreds stand
    beside fractal dimensions below one, so that most models need them standardized.

    scikit-learn counts malignant as 0 and benign as 1. Here it is the other way around:
    label 1, `"malignant"`, is what one looks for.

    Args:
        edition: `"embedded"`, `"full"`, or `None` for `COURSE_DATA`'s.

    Returns:
        A `Dataset` with `float32` rows of 30 measurements, 426 for training and 143 held
        out; both parts have the same share of malignant ones.

    Raises:
        ValueError: If the edition is unknown.

    Example:
        >>> tumors = load_tumors()
        >>> tumors.item_shape, tumors.label_names, tumors.feature_names[0]
        ((30,), ('benign', 'malignant'), 'mean radius')
    """
    edition = current_edition(edition)
    import sklearn.datasets  # takes a second
    import sklearn.model_selection

    bunch = sklearn.datasets.load_breast_cancer()
    labels = 1 - bunch.target
    x_train, x_test, y_train, y_test = sklearn.model_selection.train_test_split(
        bunch.data.astype("float32"), labels, test_size=0.25, stratify=labels, random_state=0
    )
    return Dataset(
        name="tumors",
        edition=edition,
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        label_names=("benign", "malignant"),
        source="Breast cancer Wisconsin (diagnostic), W. Wolberg, O. Mangasarian, N. Street and "
        "W. Street, UCI repository, as shipped with scikit-learn (CC BY 4.0)",
        feature_names=tuple(map(str, bunch.feature_names)),
    )


#: The same loader, in British spelling.
load_tumours = load_tumors
