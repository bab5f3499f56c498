"""The table of breast tumors."""

import numpy as np
import pytest
import sklearn.datasets

from course_lib.data import load_tumors, load_tumours


@pytest.fixture(scope="module")
def tumors():
    return load_tumors()


def test_shapes_and_names(tumors):
    assert tumors.x_train.shape == (426, 30)
    assert tumors.x_test.shape == (143, 30)
    assert tumors.x_train.dtype == np.float32
    assert tumors.label_names == ("benign", "malignant")
    assert tumors.feature_names[:2] == ("mean radius", "mean texture")
    assert len(tumors.feature_names) == 30


def test_each_tumor_is_used_once_with_its_measurements_and_its_diagnosis(tumors):
    bunch = sklearn.datasets.load_breast_cancer()
    diagnosis = bunch.target_names[bunch.target]

    def rows(x, names):
        return sorted((x[i].tobytes(), str(names[i])) for i in range(len(x)))

    x = np.concatenate([tumors.x_train, tumors.x_test])
    y = np.array(tumors.label_names)[np.concatenate([tumors.y_train, tumors.y_test])]
    assert rows(x, y) == rows(bunch.data.astype("float32"), diagnosis)


def test_malignant_is_the_smaller_class_of_the_larger_nuclei(tumors):
    # As published: 212 malignant of 569.
    assert tumors.y_train.sum() + tumors.y_test.sum() == 212
    area = tumors.x_train[:, tumors.feature_names.index("mean area")]
    assert area[tumors.y_train == 1].mean() > 1.5 * area[tumors.y_train == 0].mean()


def test_split_is_stratified(tumors):
    # A share of 212 tumors is rounded to a whole number: off by less than one.
    assert abs(tumors.y_test.sum() - 212 * 143 / 569) < 1


def test_british_spelling():
    assert load_tumours is load_tumors
