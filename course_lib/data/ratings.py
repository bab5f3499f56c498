"""Ratings of movies, most of them missing: made by the course, or MovieTweetings."""

import itertools

import numpy as np

from course_lib.data.dataset import Dataset
from course_lib.data.files import RemoteFile, current_edition

#: Share of the observed ratings that is held out.
TEST_SHARE = 0.1

#: The full edition keeps users and movies with at least as many ratings of each other.
MIN_RATINGS = 10

_MOVIETWEETINGS = "https://raw.githubusercontent.com/sidooms/MovieTweetings/master/snapshots/100K/"

#: The two files of MovieTweetings' snapshot of 100,000 ratings.
RATING_FILES = {
    name: RemoteFile(
        path=f"movietweetings-100k/{name}.dat", url=f"{_MOVIETWEETINGS}{name}.dat", sha256=sha256
    )
    for name, sha256 in [
        ("ratings", "c0dd868c2632d10002ebc928ddc5345f33adeaa59eca52c2941c26a2c5e36fd6"),
        ("movies", "e63fb84bc734e3c574f135634a40d3cbafab22b8f94f5fc0b80f80d1d2076efc"),
    ]
}

# Films that no one has seen: three genres, each film a beginning and an end.
_GENRES = [
    (  # comedies
        (
            "Honeymoon with a",
            "Never Trust a",
            "My Roommate, the",
            "How to Marry a",
            "Two Weeks with a",
            "The Unlikely",
            "Oops, Another",
            "Grandma and the",
        ),
        ("Llama", "Plumber", "Accordion", "Dentist", "Stuntman"),
    ),
    (  # horror
        (
            "The Whispering",
            "Midnight at the",
            "Don't Open the",
            "Return to the",
            "Blood on the",
            "Nobody Left the",
            "Beneath the",
            "The Last Night of the",
        ),
        ("Basement", "Lighthouse", "Orphanage", "Carousel", "Library"),
    ),
    (  # science fiction
        (
            "Escape from",
            "Beyond",
            "The Robots of",
            "Last Shuttle to",
            "Silence over",
            "The Clockmaker of",
            "War for",
            "A Postcard from",
        ),
        ("Neptune", "Andromeda", "Titan", "Sector Nine", "the Hollow Moon"),
    ),
]

N_USERS, N_GENRES = 300, len(_GENRES)


def load_ratings(edition=None):
    """Load a table of ratings, one row a user and one column a movie.

    `x_train` and `x_test` are tables of the same users and movies. An entry is NaN where
    there is no rating: most of `x_train`, nearly all of `x_test`, which holds a random
    tenth of the observed ratings. No rating is in both, and each user and movie has
    ratings in `x_train`. A popular movie has many more ratings than another.

    The embedded edition has 300 users and 120 invented films, rated 1 to 5 in half steps:
    tastes for three genres, plus what users and films differ in on average, plus noise.
    The full edition has real ratings, 0 to 10; users and movies are kept that have at
    least ten ratings of each other, and of a pair's several ratings the last.

    Args:
        edition: `"embedded"`, `"full"`, or `None` for `COURSE_DATA`'s.

    Returns:
        A `Dataset` without labels; tables are `float32`, shape `(n_users, n_movies)`, and
        `feature_names` are the movies' titles.

    Raises:
        ValueError: If the edition is unknown or a file has the wrong content.
        FileNotFoundError: If a file of the full edition cannot be had.

    Example:
        >>> ratings = load_ratings("embedded")
        >>> ratings.x_train.shape == ratings.x_test.shape == (300, 120)
        True
        >>> bool(np.isnan(ratings.x_train).mean() > 0.8)
        True
    """
    edition = current_edition(edition)
    if edition == "full":
        ratings, titles = _movietweetings()
        source = "MovieTweetings, snapshot of 100,000 ratings, S. Dooms (MIT)"
    else:
        ratings, titles = _invented()
        source = "Made for this course (CC BY 4.0)"
    x_train, x_test = _split(ratings, np.random.default_rng(0))
    return Dataset(
        name="ratings",
        edition=edition,
        x_train=x_train,
        y_train=None,
        x_test=x_test,
        y_test=None,
        label_names=(),
        source=source,
        feature_names=titles,
    )


def _invented():
    rng = np.random.default_rng(0)
    ratings, titles = _complete_table(rng)
    # Popularity falls with the rank; some users rate much more than others.
    popularity = 1 / (1 + rng.permutation(len(titles))) ** 0.6
    activity = np.maximum(rng.lognormal(0, 0.5, N_USERS), 0.6)
    chance = activity[:, None] * popularity
    observed = rng.random(ratings.shape) < np.minimum(0.15 * chance / chance.mean(), 0.95)
    return np.where(observed, ratings, np.nan), titles


def _complete_table(rng):
    """Return what every user would say of every film, and the films' titles."""
    titles, genres = zip(
        *(
            (f"{beginning} {end}", genre)
            for genre, (beginnings, ends) in enumerate(_GENRES)
            for beginning, end in itertools.product(beginnings, ends)
        ),
        strict=True,
    )
    order = rng.permutation(len(titles))
    titles, genres = tuple(titles[i] for i in order), np.array(genres)[order]
    n_movies = len(titles)

    tastes = rng.normal(0, 0.85, (N_USERS, N_GENRES))
    # Each film has much of its genre, and a bit of the others.
    content = np.eye(N_GENRES)[genres] + rng.normal(0, 0.2, (n_movies, N_GENRES))
    leniency, quality = rng.normal(0, 0.3, N_USERS), rng.normal(0, 0.4, n_movies)
    noise = rng.normal(0, 0.3, (N_USERS, n_movies))
    ratings = 3.2 + leniency[:, None] + quality + tastes @ content.T + noise
    return np.clip(np.round(2 * ratings) / 2, 1, 5), titles


def _movietweetings():
    lines = [line.split("::") for line in RATING_FILES["ratings"].read().decode().splitlines()]
    # A later rating of the same movie by the same user replaces the earlier one.
    last = {
        (user, movie): float(rating)
        for user, movie, rating, _ in sorted(lines, key=lambda line: int(line[3]))
    }
    pairs = np.array(list(last))
    user_of = np.unique(pairs[:, 0], return_inverse=True)[1]
    movies, movie_of = np.unique(pairs[:, 1], return_inverse=True)
    kept = _core(user_of, movie_of)
    users_kept, row = np.unique(user_of[kept], return_inverse=True)
    movies_kept, column = np.unique(movie_of[kept], return_inverse=True)
    ratings = np.full((len(users_kept), len(movies_kept)), np.nan)
    ratings[row, column] = np.array(list(last.values()))[kept]
    fields = (line.split("::") for line in RATING_FILES["movies"].read().decode().split("\n"))
    title_of = {number: title for number, title, *_ in filter(lambda f: len(f) > 1, fields)}
    return ratings, tuple(title_of[movies[i]] for i in movies_kept)


def _core(user_of, movie_of):
    """Return which ratings are left when no user and no movie has fewer than MIN_RATINGS."""
    kept = np.ones(len(user_of), bool)
    while True:
        # Dropping a user takes ratings from movies, and the other way around: repeat.
        enough = kept.copy()
        for owner in (user_of, movie_of):
            enough &= np.bincount(owner[kept], minlength=owner.max() + 1)[owner] >= MIN_RATINGS
        if enough.sum() == kept.sum():
            return kept
        kept = enough


def _split(ratings, rng):
    """Return two tables, with the share TEST_SHARE of the ratings in the second."""
    rows, columns = np.nonzero(~np.isnan(ratings))
    left_of_user, left_of_movie = np.bincount(rows), np.bincount(columns)
    n_test = round(TEST_SHARE * len(rows))
    held_out = []
    for i in rng.permutation(len(rows)):
        row, column = rows[i], columns[i]
        # Every user and every movie keeps a rating to learn from.
        if len(held_out) < n_test and left_of_user[row] > 1 and left_of_movie[column] > 1:
            held_out.append(i)
            left_of_user[row] -= 1
            left_of_movie[column] -= 1
    in_test = np.zeros(ratings.shape, bool)
    in_test[rows[held_out], columns[held_out]] = True
    x_train = np.where(in_test, np.nan, ratings).astype("float32")
    x_test = np.where(in_test, ratings, np.nan).astype("float32")
    return x_train, x_test
