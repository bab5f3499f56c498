"""Faces, in both editions, and the archive that the photographs come in."""

import dataclasses
import gc
import io
import itertools
import tarfile
import zipfile

import numpy as np
import pytest

from course_lib.data import faces as module
from course_lib.data import load_faces
from course_lib.data.faces import FACES_FILE, read_pgm
from course_lib.data.files import cache_folder
from course_lib.data.portraits import draw_portraits

# The embedded edition


def test_embedded_shapes_and_names():
    data = load_faces("embedded")
    assert data.x_train.shape == (4000, 32, 32)
    assert data.x_test.shape == (1000, 32, 32)
    assert data.x_train.dtype == np.float32
    assert data.attributes == ("glasses", "mouth", "hair", "pose")
    assert data.label_names[0] == ("no", "yes")
    assert 0 <= data.x_train.min() < data.x_train.max() <= 1


def test_embedded_labels_are_uniform_and_independent():
    y = load_faces("embedded").y_train
    for column, n_values in zip(y.T, (2, 4, 4, 4), strict=True):
        p = 1 / n_values
        # A count of n draws has standard deviation sqrt(n p (1 - p)).
        assert np.all(np.abs(np.bincount(column) - 4000 * p) < 6 * np.sqrt(4000 * p * (1 - p)))
    for a, b in itertools.combinations(range(4), 2):
        # Correlations of independent columns have standard deviation 1 / sqrt(n).
        assert abs(np.corrcoef(y[:, a], y[:, b])[0, 1]) < 6 / np.sqrt(4000)


def test_embedded_pictures_are_drawn_from_their_labels(monkeypatch):
    drawn = {}

    def spy(labels, rng):
        drawn["labels"], drawn["portraits"] = labels, draw_portraits(labels, rng)
        return drawn["portraits"]

    monkeypatch.setattr(module, "draw_portraits", spy)
    data = load_faces("embedded")
    assert np.array_equal(np.concatenate([data.x_train, data.x_test]), drawn["portraits"])
    assert np.array_equal(np.concatenate([data.y_train, data.y_test]), drawn["labels"])


# The full edition


def test_full_edition_is_cmu_faces(full_data):
    data = load_faces("full")
    assert data.item_shape == (60, 64)
    assert len(data.x_train) + len(data.x_test) == 624
    assert data.x_train.dtype == np.float32
    assert data.x_train.min() == 0
    assert max(data.x_train.max(), data.x_test.max()) == 1
    assert data.attributes == ("glasses", "expression", "pose", "person")
    assert data.label_names[0] == ("no", "yes")
    # As published: 20 people, 313 photographs with open eyes and 311 with sunglasses.
    y = np.concatenate([data.y_train, data.y_test])
    assert np.bincount(y[:, 0]).tolist() == [313, 311]
    assert len(data.label_names[3]) == 20
    assert np.bincount(y[:, 3]).min() == 28


def test_full_edition_holds_out_whole_people(full_data):
    data = load_faces("full")
    train, test = set(data.y_train[:, 3]), set(data.y_test[:, 3])
    assert len(train) == 16
    assert len(test) == 4
    assert not train & test


def test_full_edition_pairs_pictures_with_their_names(full_data):
    data = load_faces("full")
    with np.load(full_data / FACES_FILE.path, allow_pickle=False) as arrays:
        raw = dict(zip(arrays["names"].tolist(), arrays["images"], strict=True))
    eyes = ("open", "sunglasses")
    for x, y in [(data.x_train, data.y_train), (data.x_test, data.y_test)]:
        for image, (glasses, *rest) in zip(x, y, strict=True):
            expression, pose, person = (
                values[i] for values, i in zip(data.label_names[1:], rest, strict=True)
            )
            original = raw[f"{person}_{pose}_{expression}_{eyes[glasses]}"]
            assert np.array_equal(np.round(image * 153), original)


# The archive: a zip of tar archives of PGM files

NAMES = [
    f"{person}_{pose}_{expression}_{eyes}"
    for person in ("ann", "bob", "cy2", "dee", "eve", "fay")
    for pose, expression, eyes in [
        ("straight", "neutral", "open"),
        ("left", "happy", "sunglasses"),
        ("right", "sad", "open"),
        ("up", "angry", "sunglasses"),
    ]
]
IMAGES = np.random.default_rng(0).integers(0, 154, (len(NAMES), 6, 8)).astype("uint8")


def pgm(image):
    return b"P5\n# made by a test\n%d %d\n255\n" % image.shape[::-1] + image.tobytes()


def tar_gz(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        folder = tarfile.TarInfo("faces/ann")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def canonical(images=IMAGES, cut=0):
    """Return an archive laid out as UCI's, with other sizes and spoiled pictures in it."""
    pictures = {}
    for name, image in reversed(list(zip(NAMES, images, strict=True))):
        folder = f"faces/{name.split('_')[0]}"
        content = pgm(image)
        pictures[f"{folder}/{name}.pgm"] = pgm(np.kron(image, np.ones((2, 2), "uint8")))
        pictures[f"{folder}/{name}_2.pgm"] = content[: len(content) - cut]
        pictures[f"{folder}/{name}_4.pgm"] = pgm(image[::2, ::2])
    pictures["faces/ann/ann_left_sad_open_2.bad"] = b"no picture"
    quarter = {"faces_4/ann/ann_left_sad_open_4.pgm": pgm(IMAGES[0])}
    return zipped(
        {
            "faces.html": b"<html></html>",
            "faces.tar.gz": tar_gz(pictures),
            "faces_4.tar.gz": tar_gz(quarter),
        }
    )


def npz(images, names, save=np.savez):
    buffer = io.BytesIO()
    save(buffer, images=images, names=names)
    return buffer.getvalue()


@pytest.fixture
def serve(monkeypatch, server, keras_home):
    """Serve an archive, and let the loader expect the pictures above."""

    def add(archive, **kwargs):
        file = dataclasses.replace(
            FACES_FILE,
            url=server.add("cmu+face+images.zip", archive, **kwargs),
            sha256=module._digest(npz(IMAGES, NAMES)),
        )
        monkeypatch.setattr(module, "FACES_FILE", file)
        return file

    return add


def files_below(folder):
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def test_download_unpacks_the_half_resolution_pictures(serve, server, keras_home):
    serve(canonical())
    data = load_faces("full")
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    assert len(data.x_test) == 16  # four people of six
    eyes = ("open", "sunglasses")
    for image, label in zip(x, y, strict=True):
        glasses, expression, pose, person = (
            values[i] for values, i in zip((eyes, *data.label_names[1:]), label, strict=True)
        )
        i = NAMES.index(f"{person}_{pose}_{expression}_{glasses}")
        assert np.array_equal(image, IMAGES[i].astype("float32") / 153)
    # The second time from the cache.
    again = load_faces("full")
    assert np.array_equal(again.x_train, data.x_train)
    assert len(server.requests) == 1
    assert files_below(cache_folder()) == ["cmu_faces_60x64_uint8.npz"]


def test_archive_may_lie_in_the_folder(monkeypatch, tmp_path, serve, server):
    serve(canonical())
    (tmp_path / "cmu-faces").mkdir()
    (tmp_path / "cmu-faces/cmu+face+images.zip").write_bytes(canonical())
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    assert len(load_faces("full").x_train) == 8
    assert server.requests == []


def other_pixels():
    images = IMAGES.copy()
    images[3, 2, 1] ^= 1
    return images


@pytest.mark.parametrize(
    "archive",
    [
        b"<html>Please log in to the hotel's network</html>",
        canonical()[:-100],
        canonical()[:300] + b"\xff" * 30 + canonical()[330:],
        zipped({"faces.tar.gz": b"no archive"}),
        zipped({"faces.tar.gz": tar_gz({})[:-12]}),
        zipped({"faces.tar.gz": tar_gz({"faces/ann/ann_up_sad_open_2.pgm": b"P5 3"})}),
        zipped({"readme": b"nothing here"}),
        zipped({"faces_4.tar.gz": tar_gz({"faces_4/a/a_up_sad_open_4.pgm": pgm(IMAGES[0])})}),
        canonical(cut=1),
        canonical(other_pixels()),
    ],
    ids=[
        "a page",
        "cut zip",
        "damaged zip",
        "no tar",
        "cut tar",
        "cut header",
        "no tar archive",
        "quarter resolution alone",
        "pixels missing",
        "one pixel off",
    ],
)
def test_wrong_archive_is_refused_and_not_kept(serve, keras_home, archive):
    file = serve(archive)
    with pytest.raises(ValueError, match=r"wrong content|is not the archive") as info:
        load_faces("full")
    for part in (file.path, file.url, "set COURSE_DATA_DIR", "COURSE_DATA=embedded"):
        assert part in str(info.value)
    assert "\n" not in str(info.value)
    assert files_below(cache_folder()) == []
    # And a good archive afterwards is read.
    serve(canonical())
    assert len(load_faces("full").x_train) == 8


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_interrupted_transfer_leaves_nothing(serve, keras_home):
    archive = canonical()
    file = serve(archive[:1000], declared=len(archive))
    with pytest.raises(FileNotFoundError, match="Cannot download") as info:
        load_faces("full")
    for part in (file.path, file.url, "set COURSE_DATA_DIR", "COURSE_DATA=embedded"):
        assert part in str(info.value)
    assert files_below(cache_folder()) == []
    del info
    gc.collect()  # so that an open response is found here, where its warning is expected


@pytest.mark.parametrize("damage", [lambda c: c[:-30], lambda c: b"no zip", lambda c: b""])
def test_damaged_cache_is_an_error_not_a_result(serve, damage):
    file = serve(canonical())
    load_faces("full")
    place = cache_folder() / file.path
    place.write_bytes(damage(place.read_bytes()))
    with pytest.raises(ValueError, match=r"npz is damaged.*Two ways out"):
        load_faces("full")


def test_pickled_objects_are_never_read(monkeypatch, tmp_path, serve):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was loaded",))

    serve(b"")
    (tmp_path / "cmu-faces").mkdir()
    content = npz(np.array([Bomb()], dtype=object), ["ann_up_sad_open"])
    (tmp_path / FACES_FILE.path).write_bytes(content)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    with pytest.raises(ValueError, match=r"is damaged.*Two ways out"):
        load_faces("full")


def test_digest_is_of_the_content_not_of_the_bytes():
    digest = module._digest(npz(IMAGES, NAMES))
    assert module._digest(npz(IMAGES, NAMES, np.savez_compressed)) == digest
    assert module._digest(npz(IMAGES[::-1], NAMES[::-1])) == digest
    others = [
        npz(other_pixels(), NAMES),
        npz(IMAGES[::-1], NAMES),
        npz(IMAGES[:-1], NAMES[:-1]),
        npz(IMAGES, [*NAMES[:-1], "gil_up_sad_open"]),
        npz(IMAGES.astype("int16"), NAMES),
        npz(IMAGES.reshape(-1, 8, 6), NAMES),
    ]
    assert len({digest, *map(module._digest, others)}) == 1 + len(others)


# PGM


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (60, 64)])
def test_read_pgm_inverts_the_encoding(shape):
    image = np.random.default_rng(1).integers(0, 256, shape).astype("uint8")
    decoded = read_pgm(pgm(image))
    assert decoded.dtype == np.uint8
    assert np.array_equal(decoded, image)


@pytest.mark.parametrize(
    "header", [b"P5 2 1 255 ", b"P5\n2\n1\n255\n", b"P5\t2  1\r\n255\n", b"P5#a\n2 #b\n#c\n1 9\n"]
)
def test_read_pgm_reads_every_form_of_header(header):
    # The first pixels look like blanks and comments, and are pixels all the same.
    assert read_pgm(header + b"\n#").tolist() == [[10, 35]]
    assert read_pgm(header + b"\n#P5 next").tolist() == [[10, 35]]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"P5",
        b"P2 1 1 255 0",
        b"P6 1 1 255 abc",
        b"P5 1 1 65535 ab",
        b"P5 1 1 0 a",
        b"P5 0 1 255 ",
        b"P5 1 -1 255 a",
        b"P511 255 a",
        b"\x89PNG",
        b"P5 1 1 255",
    ],
)
def test_read_pgm_refuses_other_headers(content):
    with pytest.raises(ValueError, match=r"starts with P5.*Received: b'"):
        read_pgm(content)


def test_read_pgm_refuses_missing_pixels():
    with pytest.raises(ValueError, match=r"names 3 x 2 pixels.*Received: 5 bytes"):
        read_pgm(b"P5 3 2 255 abcde")
