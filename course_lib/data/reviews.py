"""Movie reviews by two voices: a corpus written for the course, or rt-polarity."""

import collections
import importlib.resources
import tarfile

import numpy as np

from course_lib.data.dataset import Dataset
from course_lib.data.files import RemoteFile, current_edition

#: Stands for every word that the training reviews use fewer than `MIN_COUNT` times.
UNKNOWN = "<unk>"
MIN_COUNT = 3

TEST_SHARE = 0.2

_ARCHIVE = "https://www.cs.cornell.edu/people/pabo/movie-review-data/rt-polaritydata.tar.gz"


def _member(name):
    def unpack(archive):
        # The files are one byte a letter, with the dashes and dots of Windows-1252.
        with tarfile.open(archive) as tar:
            content = tar.extractfile(f"rt-polaritydata/{name}").read()
        return content.decode("cp1252").encode("utf-8")

    return unpack


#: The two files of rt-polarity as UTF-8, one review a line.
REVIEW_FILES = {
    name: RemoteFile(
        path=f"rt-polarity/rt-polarity.{name}",
        url=_ARCHIVE,
        sha256=sha256,
        unpack=_member(f"rt-polarity.{name}"),
    )
    for name, sha256 in [
        ("pos", "4134882974a28d0c7b5151256f0e33a6169984ee7372c279e673f1114f475d58"),
        ("neg", "2d11cfbc790f1cd96d78339f41ce53ced1efa83cd22d37d6788fa3fe3d17e2fd"),
    ]
}


def load_reviews(edition=None):
    """Load short movie reviews by two voices.

    The embedded edition holds two imaginary writers who share 50 words and write at most
    five of them at a time: `"the critic"` (label 0) and `"the rival"` (label 1). The full
    edition holds real sentences: `"the admirers"` (0), who liked the film, and
    `"the detractors"` (1), who did not. There, punctuation is dropped and a word that the
    training reviews use fewer than three times is replaced by `"<unk>"`.

    Args:
        edition: `"embedded"`, `"full"`, or `None` for `COURSE_DATA`'s.

    Returns:
        A `Dataset` whose `x_train` and `x_test` are tuples of reviews, each a tuple of
        lower-case words; one review in five of each voice is held out.

    Raises:
        ValueError: If the edition is unknown or a file has the wrong content.
        FileNotFoundError: If a file of the full edition cannot be had.

    Example:
        >>> reviews = load_reviews("embedded")
        >>> ("waste", "of", "time", "and", "money") in reviews.x_train
        True
    """
    edition = current_edition(edition)
    if edition == "full":
        label_names = ("the admirers", "the detractors")
        voices = [tokenize(REVIEW_FILES[name].read().decode("utf-8")) for name in ("pos", "neg")]
        source = (
            "Sentence polarity data set v1.0, B. Pang and L. Lee (2005), released for research; "
            "not redistributed with the course"
        )
    else:
        label_names = ("the critic", "the rival")
        folder = importlib.resources.files(__package__)
        voices = [
            tokenize(folder.joinpath(f"reviews_{name}.txt").read_text("utf-8"))
            for name in ("critic", "rival")
        ]
        source = "Written for this course (CC BY 4.0)"

    train, test = [], []
    for label, reviews in enumerate(voices):
        held_out = _held_out(len(reviews))
        for i, review in enumerate(reviews):
            (test if i in held_out else train).append((review, label))
    x_train, y_train = zip(*train, strict=True)
    x_test, y_test = zip(*test, strict=True)
    if edition == "full":
        known = _common_words(x_train)
        x_train, x_test = (
            tuple(tuple(w if w in known else UNKNOWN for w in review) for review in reviews)
            for reviews in (x_train, x_test)
        )
    return Dataset(
        name="reviews",
        edition=edition,
        x_train=x_train,
        y_train=np.array(y_train),
        x_test=x_test,
        y_test=np.array(y_test),
        label_names=label_names,
        source=source,
    )


def tokenize(text):
    """Split a text of one review a line into reviews, tuples of lower-case words.

    Tokens without a letter or digit are dropped, and so are lines without a word.

    Args:
        text: The text, lines separated by newlines.

    Returns:
        A list of tuples of words.

    Example:
        >>> tokenize("A waste , of time .")
        [('a', 'waste', 'of', 'time')]
    """
    lines = text.split("\n")  # not splitlines: the real reviews contain U+0085
    reviews = (tuple(w for w in line.lower().split() if any(map(str.isalnum, w))) for line in lines)
    return [review for review in reviews if review]


def _held_out(n):
    order = np.random.default_rng(0).permutation(n)
    # The first six reviews of the embedded critic are quoted in the text: never hold them out.
    return set([i for i in order.tolist() if i >= 6][: round(TEST_SHARE * n)])


def _common_words(reviews):
    counts = collections.Counter(word for review in reviews for word in review)
    return {word for word, count in counts.items() if count >= MIN_COUNT}
