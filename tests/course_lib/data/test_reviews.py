"""Movie reviews, in both editions."""

import collections
import hashlib
import io
import tarfile

import numpy as np
import pytest

from course_lib.data import load_reviews
from course_lib.data import reviews as module
from course_lib.data.files import RemoteFile
from course_lib.data.reviews import MIN_COUNT, REVIEW_FILES, UNKNOWN, tokenize

QUOTED = [
    "an unexpected and necessary masterpiece",
    "delightfully merged information and comedy",
    "director's first true masterpiece",
    "sci-fi perfection truly mesmerizing film",
    "waste of time and money",
    "best lame historical movie ever",
]


@pytest.fixture(scope="module")
def embedded():
    return load_reviews("embedded")


def check_structure(data):
    for x, y in [(data.x_train, data.y_train), (data.x_test, data.y_test)]:
        assert isinstance(x, tuple)
        assert len(x) == len(y) > 0
        assert all(isinstance(review, tuple) and review for review in x)
        assert all(isinstance(word, str) and word == word.lower() for r in x for word in r)
        assert y.shape == (len(x),)
        assert np.issubdtype(y.dtype, np.integer)
        assert set(y.tolist()) == {0, 1}
    assert len(data.label_names) == 2
    assert data.item_shape == ()
    assert data.name == "reviews"


# The embedded edition


def test_embedded_is_the_default(embedded):
    assert load_reviews().edition == "embedded"


def test_embedded_structure(embedded):
    check_structure(embedded)
    assert embedded.edition == "embedded"
    assert embedded.label_names == ("the critic", "the rival")
    assert "Written for this course" in embedded.source


def test_embedded_reviews_have_at_most_five_words(embedded):
    assert max(map(len, embedded.x_train + embedded.x_test)) == 5


def test_embedded_uses_fifty_distinct_words(embedded):
    assert len({word for review in embedded.x_train + embedded.x_test for word in review}) == 50


def reviews_of(data, label, part):
    x, y = (data.x_train, data.y_train) if part == "train" else (data.x_test, data.y_test)
    return [review for review, voice in zip(x, y, strict=True) if voice == label]


@pytest.mark.parametrize("label", [0, 1])
def test_every_held_out_word_is_in_the_training_reviews_of_its_voice(embedded, label):
    # Otherwise an unsmoothed model of one voice could not score that voice's test reviews.
    used = {word for review in reviews_of(embedded, label, "train") for word in review}
    assert {word for review in reviews_of(embedded, label, "test") for word in review} <= used


def test_critic_uses_all_fifty_words_in_training(embedded):
    assert len({word for review in reviews_of(embedded, 0, "train") for word in review}) == 50


@pytest.mark.parametrize("label", [0, 1])
def test_embedded_holds_out_one_review_in_five_of_each_voice(embedded, label):
    n_train, n_test = np.sum(embedded.y_train == label), np.sum(embedded.y_test == label)
    assert n_train + n_test >= 300  # "several hundred reviews"
    assert n_test == round(0.2 * (n_train + n_test))


@pytest.mark.parametrize("label", [0, 1])
def test_no_voice_is_judged_on_a_review_that_it_was_trained_on(embedded, label):
    train, test = (reviews_of(embedded, label, part) for part in ("train", "test"))
    assert not set(train) & set(test)
    assert len(set(train + test)) == len(train + test)


def test_embedded_split_is_always_the_same(embedded):
    assert load_reviews("embedded").x_test == embedded.x_test


@pytest.mark.parametrize("review", QUOTED)
def test_quoted_review_is_the_critics_and_in_training(embedded, review):
    i = embedded.x_train.index(tuple(review.split()))
    assert embedded.y_train[i] == 0


def test_quoted_reviews_come_first_and_in_order(embedded):
    assert [" ".join(review) for review in embedded.x_train[:6]] == QUOTED


def test_embedded_split_is_not_the_order_of_the_file(embedded):
    folder = module.importlib.resources.files(module.__package__)
    critic = tokenize(folder.joinpath("reviews_critic.txt").read_text("utf-8"))
    held_out = set(reviews_of(embedded, 0, "test"))
    positions = np.flatnonzero([review in held_out for review in critic])
    # The mean of 96 positions drawn at random among those from 6 to 479 has a standard
    # deviation below 474 / sqrt(12 * 96) = 14; a split at the end of the file is off by 190.
    assert abs(positions.mean() - (6 + 479) / 2) < 6 * 474 / np.sqrt(12 * 96)


def test_unknown_edition():
    with pytest.raises(ValueError, match="Received: edition='imdb'"):
        load_reviews("imdb")


# Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n \n", []),
        ("A Good film", [("a", "good", "film")]),
        ("good , film .\n...\nbad", [("good", "film"), ("bad",)]),
        ("director's sci-fi 8 1/2", [("director's", "sci-fi", "8", "1/2")]),
        ("one\u0085two words", [("one", "two", "words")]),
    ],
    ids=["empty", "blank lines", "case", "punctuation", "marks within words", "next-line mark"],
)
def test_tokenize(text, expected):
    # U+0085 is white space to split() but must not start another review.
    assert tokenize(text) == expected


# The full edition


def archive_of(texts, encoding="cp1252"):
    # "Latin-1" on the web means Windows-1252, which has dashes and an ellipsis besides.
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in texts.items():
            content = text.encode(encoding)
            info = tarfile.TarInfo(f"rt-polaritydata/rt-polarity.{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def serve(monkeypatch, server, texts):
    """Serve an archive in the canonical format instead of the canonical one."""
    url = server.add("rt-polaritydata.tar.gz", archive_of(texts))
    for name, text in texts.items():
        file = REVIEW_FILES[name]
        checksum = hashlib.sha256(text.encode("utf-8")).hexdigest()
        small = RemoteFile(file.path, url, checksum, file.unpack)
        monkeypatch.setitem(module.REVIEW_FILES, name, small)


def test_full_edition_downloads_an_archive_in_its_one_byte_encoding(
    monkeypatch, server, keras_home
):
    texts = {
        # "rare" occurs twice, "common" once a line. One byte is \xe9, and one the dash
        # \u2014, as 2 and 3 bytes are in UTF-8; the dash is no letter, so it is dropped.
        "pos": "".join(
            f"common caf\xe9 good {'rare' if i < 2 else ''} \u2014 .\n" for i in range(40)
        ),
        "neg": "".join(f"Common caf\xe9 bad ! \u2026 word{i}\n" for i in range(30)),
    }
    serve(monkeypatch, server, texts)
    data = load_reviews("full")
    check_structure(data)
    assert data.edition == "full"
    assert data.label_names == ("the admirers", "the detractors")
    assert np.bincount(data.y_train).tolist() == [32, 24]
    assert np.bincount(data.y_test).tolist() == [8, 6]
    words = {word for review in data.x_train + data.x_test for word in review}
    assert words == {"common", "caf\xe9", "good", "bad", UNKNOWN}
    n_requests = len(server.requests)
    again = load_reviews("full")
    assert again.x_train == data.x_train
    assert len(server.requests) == n_requests


def test_full_edition_refuses_another_archive(monkeypatch, server, keras_home):
    serve(monkeypatch, server, {"pos": "good film\n", "neg": "bad film\n"})
    server.add("rt-polaritydata.tar.gz", archive_of({"pos": "other film\n", "neg": "bad film\n"}))
    with pytest.raises(ValueError, match="wrong content"):
        load_reviews("full")


def test_full_edition_without_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"rt-polarity\.pos.*save it as rt-polarity"):
        load_reviews("full")


def test_words_are_counted_in_the_training_part_alone(monkeypatch, server, keras_home):
    # Each of forty words occurs four times in all. One that the training part has fewer than
    # three times is unknown in the test part too: held-out text does not choose the vocabulary.
    rng = np.random.default_rng(0)
    lines = [f"common w{i}" for i in rng.permutation(np.repeat(np.arange(40), 4))]
    texts = {"pos": "\n".join(lines), "neg": "common\n" * 10}
    serve(monkeypatch, server, texts)
    data = load_reviews("full")
    counts = collections.Counter(word for review in data.x_train for word in review)
    known = {word for word in counts if word != UNKNOWN}
    assert MIN_COUNT == min(counts[word] for word in known) == 3
    assert {word for review in data.x_test for word in review} <= known | {UNKNOWN}
    assert UNKNOWN in {word for review in data.x_test for word in review}


def test_full_edition_is_rt_polarity(full_data):
    data = load_reviews("full")
    check_structure(data)
    assert len(data.x_train) + len(data.x_test) == 2 * 5331
    assert np.bincount(data.y_test).tolist() == [1066, 1066]  # round(0.2 * 5331)
    counts = collections.Counter(word for review in data.x_train for word in review)
    assert min(counts[word] for word in counts if word != UNKNOWN) == MIN_COUNT
    assert {word for review in data.x_test for word in review} <= set(counts)
    assert all(any(map(str.isalnum, word)) for word in counts)


def test_canonical_archive_unpacks_to_the_registered_checksums(
    monkeypatch, full_data, server, keras_home
):
    # The archive itself is not at hand: build it from the UTF-8 files, in its own encoding.
    paths = {name: full_data / REVIEW_FILES[name].path for name in ("pos", "neg")}
    texts = {name: path.read_bytes().decode("utf-8") for name, path in paths.items()}
    url = server.add("rt-polaritydata.tar.gz", archive_of(texts))
    local = load_reviews("full")
    monkeypatch.delenv("COURSE_DATA_DIR")
    for name, file in list(REVIEW_FILES.items()):
        monkeypatch.setitem(
            module.REVIEW_FILES, name, RemoteFile(file.path, url, file.sha256, file.unpack)
        )
    downloaded = load_reviews("full")
    assert downloaded.x_train == local.x_train
    assert downloaded.x_test == local.x_test
    assert server.requests
