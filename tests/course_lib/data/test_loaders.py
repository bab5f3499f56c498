"""What all loaders have in common: structure, splits that share nothing, the same every time."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from course_lib import data as package
from course_lib.data import Dataset

LOADERS = [
    "load_digits",
    "load_faces",
    "load_melodies",
    "load_patches",
    "load_ratings",
    "load_reviews",
    "load_scenes",
    "load_tumors",
]

#: Sets that are the same in both editions, and so need no file in either.
SAME_IN_BOTH = {"load_patches", "load_scenes", "load_tumors"}


@pytest.fixture(scope="module")
def loaded():
    """Each embedded set, loaded once; no loader touches the global random numbers."""
    before = np.random.get_state()[1].copy()
    sets = {name: getattr(package, name)("embedded") for name in LOADERS}
    assert np.array_equal(np.random.get_state()[1], before)
    return sets


def fingerprint(data):
    """Return a checksum of everything that a data set holds."""
    digest = hashlib.sha256()
    for value in vars(data).values():
        is_array = isinstance(value, np.ndarray)
        digest.update(value.tobytes() if is_array else json.dumps(value).encode())
    return digest.hexdigest()


def check_structure(data):
    assert isinstance(data, Dataset)
    assert data.source
    for x, y in [(data.x_train, data.y_train), (data.x_test, data.y_test)]:
        assert len(x) > 0
        if isinstance(x, np.ndarray):
            assert x.dtype in ("float32", "int64")
            assert x.shape[1:] == data.item_shape
        if y is None:
            assert data.label_names == data.attributes == ()
            continue
        assert np.issubdtype(y.dtype, np.integer)
        assert len(y) == len(x)
        columns = y[:, None] if y.ndim == 1 else y
        names = (data.label_names,) if y.ndim == 1 else data.label_names
        assert len(names) == columns.shape[1]
        assert data.attributes == () if y.ndim == 1 else len(data.attributes) == len(names)
        for column, values in zip(columns.T, names, strict=True):
            assert len(set(values)) == len(values)
            # Each value occurs in each part, and no other. (People are held out as a whole.)
            if "an2i" not in values:
                assert set(column.tolist()) == set(range(len(values)))
            assert 0 <= column.min() <= column.max() < len(values)
    assert (data.y_train is None) == (data.y_test is None)
    if data.feature_names:
        assert data.item_shape == (len(data.feature_names),)
        assert len(set(data.feature_names)) == len(data.feature_names)
        assert all(isinstance(name, str) and name for name in data.feature_names)


def check_disjoint(data):
    def examples(x):
        return {row.tobytes() if isinstance(row, np.ndarray) else row for row in x}

    if data.name == "ratings":  # the parts are entries of one table
        assert not np.any(~np.isnan(data.x_train) & ~np.isnan(data.x_test))
    elif data.name != "reviews":  # people write the same short review twice
        assert not examples(data.x_train) & examples(data.x_test)


def test_all_loaders_are_covered():
    exported = {name for name in package.__all__ if name.startswith("load_")}
    assert exported == {*LOADERS, "load_tumours"}


@pytest.mark.parametrize("name", LOADERS)
def test_structure_of_the_embedded_edition(loaded, name):
    data = loaded[name]
    check_structure(data)
    assert data.edition == "embedded"
    assert name.endswith(data.name)


@pytest.mark.parametrize("name", LOADERS)
def test_parts_of_the_embedded_edition_share_nothing(loaded, name):
    check_disjoint(loaded[name])


@pytest.mark.parametrize("name", LOADERS)
def test_full_edition(full_data, name):
    data = getattr(package, name)("full")
    check_structure(data)
    check_disjoint(data)
    assert data.edition == "full"
    assert name.endswith(data.name)


@pytest.mark.parametrize("name", LOADERS)
def test_environment_chooses_the_edition(monkeypatch, tmp_path, name):
    monkeypatch.setenv("COURSE_DATA", "full")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    if name in SAME_IN_BOTH:
        assert getattr(package, name)().edition == "full"
    else:
        with pytest.raises(FileNotFoundError, match=r"Two ways out.*COURSE_DATA=embedded"):
            getattr(package, name)()


@pytest.mark.parametrize("name", sorted(SAME_IN_BOTH))
def test_both_editions_hold_the_same(loaded, name):
    full = getattr(package, name)("full")
    assert np.array_equal(full.x_train, loaded[name].x_train)
    assert np.array_equal(full.x_test, loaded[name].x_test)


@pytest.mark.parametrize("name", LOADERS)
def test_unknown_edition(name):
    with pytest.raises(ValueError, match=r"Received: edition='half'"):
        getattr(package, name)("half")


SCRIPT = """
import runpy, sys
import numpy as np
np.random.seed(int(sys.argv[2]))
test = runpy.run_path(sys.argv[1])
for name in test["LOADERS"]:
    print(name, test["fingerprint"](getattr(test["package"], name)("embedded")))
"""


def test_sets_are_the_same_in_a_fresh_process(loaded):
    # Another hash seed reorders sets of strings, another global seed moves whoever uses it.
    environment = {**os.environ, "PYTHONHASHSEED": "123"}
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, __file__, "5"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    expected = [f"{name} {fingerprint(data)}" for name, data in loaded.items()]
    assert found.stdout.splitlines() == expected
