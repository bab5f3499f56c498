"""Tables of ratings, in both editions."""

import collections
import dataclasses
import gc
import hashlib

import numpy as np
import pytest

from course_lib.data import load_ratings
from course_lib.data import ratings as module
from course_lib.data.files import cache_folder
from course_lib.data.ratings import RATING_FILES


@pytest.fixture(scope="module")
def embedded():
    return load_ratings("embedded")


def seen(x):
    return ~np.isnan(x)


def check_tables(data):
    train, test = seen(data.x_train), seen(data.x_test)
    assert data.x_train.dtype == data.x_test.dtype == np.float32
    assert train.shape == test.shape
    assert not np.any(train & test)
    assert test.sum() == round(0.1 * (train.sum() + test.sum()))
    assert train.any(axis=0).all()
    assert train.any(axis=1).all()
    assert data.y_train is None
    assert data.y_test is None


# The embedded edition


def test_embedded_tables(embedded):
    check_tables(embedded)
    assert embedded.x_train.shape == (300, 120)
    values = np.concatenate([x[seen(x)] for x in (embedded.x_train, embedded.x_test)])
    assert set(values.tolist()) == {1 + k / 2 for k in range(9)}
    assert "Made for this course" in embedded.source


def test_embedded_titles(embedded):
    assert len(set(embedded.feature_names)) == 120
    assert "A Postcard from Neptune" in embedded.feature_names


def test_embedded_ratings_are_mostly_missing_and_skewed(embedded):
    observed = seen(embedded.x_train) | seen(embedded.x_test)
    assert 0.8 < 1 - observed.mean() < 0.9
    popularity = np.sort(observed.sum(axis=0))
    # Were films equally popular, the most popular tenth would have a tenth of the ratings, up
    # to six standard deviations: 435 + 6 * 20 of 4,350.
    assert popularity[-12:].sum() > 2 * 0.1 * popularity.sum()
    assert popularity[0] >= 5
    assert observed.sum(axis=1).min() >= 4


def test_embedded_ratings_have_low_rank():
    # The complete table, before anything is hidden: three tastes, the average of each user
    # and of each film. What five directions leave is noise: 0.3, rounding 0.5 / sqrt(12), and
    # what clipping to 1..5 bends.
    complete = complete_table()
    singular = np.linalg.svd(complete - complete.mean(), compute_uv=False)
    left = np.sqrt(np.sum(singular[5:] ** 2) / complete.size)
    assert 0.25 < left < 0.45
    assert np.sqrt(np.sum(singular[:5] ** 2) / complete.size) > 2 * left


def complete_table():
    return module._complete_table(np.random.default_rng(0))[0]


def test_embedded_tastes_go_by_genre(embedded):
    # Films of one genre are liked by the same users: their columns correlate more.
    complete, titles = complete_table(), embedded.feature_names
    genre = np.array(
        [
            next(
                g
                for g, (beginnings, ends) in enumerate(module._GENRES)
                if any(title == f"{a} {b}" for a in beginnings for b in ends)
            )
            for title in titles
        ]
    )
    assert np.bincount(genre).tolist() == [40, 40, 40]
    correlation = np.corrcoef(complete.T)
    same = genre[:, None] == genre
    off_diagonal = ~np.eye(120, dtype=bool)
    assert correlation[same & off_diagonal].mean() > correlation[~same].mean() + 0.3


def test_split_keeps_a_rating_of_everyone():
    # Users with one rating, films with one rating: none of these can be held out.
    ratings = np.full((30, 30), np.nan)
    ratings[0], ratings[:, 0] = 3.0, 4.0
    ratings[1:11, 1:11] = 2.0
    train, test = module._split(ratings, np.random.default_rng(0))
    assert seen(train).any(axis=0).all()
    assert seen(train).any(axis=1).all()
    assert seen(test).sum() == round(0.1 * seen(ratings).sum())
    both = np.where(seen(train), train, test)
    assert np.array_equal(both, ratings.astype("float32"), equal_nan=True)


# The full edition


def test_full_edition_is_movietweetings(full_data):
    data = load_ratings("full")
    check_tables(data)
    assert data.x_train.shape == (2059, 1099)
    observed = seen(data.x_train) | seen(data.x_test)
    assert observed.sum(axis=0).min() >= 10
    assert observed.sum(axis=1).min() >= 10
    assert 0 <= np.nanmin(data.x_train) < np.nanmax(data.x_train) == 10
    assert "MIT" in data.source


def test_full_edition_has_the_ratings_of_the_file(full_data):
    data = load_ratings("full")
    text = (full_data / RATING_FILES["movies"].path).read_text("utf-8")
    title_of = {line.split("::")[0]: line.split("::")[1] for line in text.strip().split("\n")}
    rows = (full_data / RATING_FILES["ratings"].path).read_text("utf-8").split()
    by_movie = collections.defaultdict(collections.Counter)
    for row in rows:
        _, movie, rating, _ = row.split("::")
        by_movie[title_of[movie]][float(rating)] += 1
    table = np.where(seen(data.x_train), data.x_train, data.x_test)
    for column, title in enumerate(data.feature_names):
        kept = table[:, column][seen(table[:, column])]
        # Users with few ratings are gone; nothing is added.
        assert not collections.Counter(kept.tolist()) - by_movie[title]


RATINGS = """\
1::0001::7::100
1::0002::8::101
2::0001::3::400
2::0002::10::103
2::0001::9::200
3::0003::5::105
3::0001::0::106
4::0002::6::107
4::0003::1::108
"""
MOVIES = """\
0001::Amélie: À l'ombre (1913)::Crime|Drama
0002::The Bank (1915)::Comedy
0003::Seen Twice (2001)::
0004::Never Seen (2002)::Short
"""


@pytest.fixture
def serve(monkeypatch, server, keras_home):
    """Serve texts, and let the loader expect the two above."""

    def add(ratings=RATINGS, movies=MOVIES, **kwargs):
        files = {
            name: dataclasses.replace(
                RATING_FILES[name],
                url=server.add(f"{name}.dat", text.encode(), **kwargs),
                sha256=hashlib.sha256(expected.encode()).hexdigest(),
            )
            for name, text, expected in [
                ("ratings", ratings, RATINGS),
                ("movies", movies, MOVIES),
            ]
        }
        monkeypatch.setattr(module, "RATING_FILES", files)
        monkeypatch.setattr(module, "MIN_RATINGS", 2)
        return files

    return add


def test_download_reads_the_canonical_format(serve, server):
    serve()
    data = load_ratings("full")
    table = np.where(seen(data.x_train), data.x_train, data.x_test)
    nan = np.nan
    # User 2 rated movie 1 twice: what counts is the later rating, which comes first.
    expected = [[7, 8, nan], [3, 10, nan], [0, nan, 5], [nan, 6, 1]]
    assert np.array_equal(table, np.array(expected, "float32"), equal_nan=True)
    assert data.feature_names == (
        "Amélie: À l'ombre (1913)",
        "The Bank (1915)",
        "Seen Twice (2001)",
    )
    load_ratings("full")
    assert sorted(server.requests) == ["/movies.dat", "/ratings.dat"]


def test_filter_repeats_until_all_have_enough(monkeypatch):
    monkeypatch.setattr(module, "MIN_RATINGS", 2)
    # Movie 9 has one rating; without it user 8 has one; without that movie 7 has one, and so
    # on: only the square of users 0, 1 and movies 0, 1 remains.
    users = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    movies = np.array([0, 1, 0, 1, 1, 2, 2, 3])
    assert module._core(users, movies).tolist() == [True] * 4 + [False] * 4


@pytest.mark.parametrize("changed", [RATINGS[:-1], RATINGS.replace("::7::", "::8::"), "<html>"])
def test_wrong_content_is_refused_and_not_kept(serve, changed):
    files = serve(ratings=changed)
    with pytest.raises(ValueError, match="wrong content") as info:
        load_ratings("full")
    for part in (files["ratings"].path, files["ratings"].url, "COURSE_DATA=embedded"):
        assert part in str(info.value)
    assert not [p for p in cache_folder().rglob("*") if p.is_file()]


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_interrupted_transfer_leaves_nothing(serve):
    files = serve(declared=10_000)
    with pytest.raises(FileNotFoundError, match="Cannot download") as info:
        load_ratings("full")
    for part in (files["ratings"].path, files["ratings"].url, "COURSE_DATA=embedded"):
        assert part in str(info.value)
    assert not [p for p in cache_folder().rglob("*") if p.is_file()]
    del info
    gc.collect()  # so that an open response is found here, where its warning is expected
