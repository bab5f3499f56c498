"""Faces with and without glasses: drawn for the course, or photographed at CMU."""

import hashlib
import io
import re
import tarfile
import zipfile

import numpy as np

from course_lib.data.dataset import Dataset
from course_lib.data.files import RemoteFile, current_edition
from course_lib.data.portraits import ATTRIBUTES, draw_portraits

N_TRAIN, N_TEST = 4_000, 1_000

#: Attributes of the photographs, in the order of the labels' columns; `person` comes last.
_EXPRESSIONS = ("neutral", "happy", "sad", "angry")
_POSES = ("straight", "left", "right", "up")
_EYES = ("open", "sunglasses")

#: People whose photographs are held out, of 20.
N_TEST_PEOPLE = 4

#: The brightest pixel of all photographs, out of a possible 255.
BRIGHTEST = 153

#: A half-resolution photograph in the archive: person, pose, expression, eyes.
_MEMBER = re.compile(
    rf"(?:.*/)?([a-z0-9]+_(?:{'|'.join(_POSES)})_(?:{'|'.join(_EXPRESSIONS)})"
    rf"_(?:{'|'.join(_EYES)}))_2\.pgm"
)


def load_faces(edition=None):
    """Load gray pictures of faces, some with dark glasses.

    The embedded edition holds portraits drawn by the course, each of another person. The
    full edition holds photographs of 20 people, 28 to 32 of each, in front of an office
    wall; "no" glasses means no sunglasses, and four people are held out as a whole. Their
    gray values are divided by 153, that of the brightest pixel.

    Args:
        edition: `"embedded"`, `"full"`, or `None` for `COURSE_DATA`'s.

    Returns:
        A `Dataset`. Pictures are `float32` in [0, 1], shape `(n, 32, 32)` (embedded: 4,000
        and 1,000) or `(n, 60, 64)` (full: 624 in all). Labels have one column for each of
        `attributes`; the first is `glasses`, 0 for `"no"` and 1 for `"yes"`.

    Raises:
        ValueError: If the edition is unknown or a file has the wrong content.
        FileNotFoundError: If a file of the full edition cannot be had.

    Example:
        >>> faces = load_faces("embedded")
        >>> faces.attributes, faces.label_names[0]
        (('glasses', 'mouth', 'hair', 'pose'), ('no', 'yes'))
    """
    if current_edition(edition) == "full":
        return _photographs()
    rng = np.random.default_rng(0)
    n_values = [len(values) for values in ATTRIBUTES.values()]
    labels = rng.integers(n_values, size=(N_TRAIN + N_TEST, len(n_values)))
    portraits = draw_portraits(labels, rng)
    return Dataset(
        name="faces",
        edition="embedded",
        x_train=portraits[:N_TRAIN],
        y_train=labels[:N_TRAIN],
        x_test=portraits[N_TRAIN:],
        y_test=labels[N_TRAIN:],
        label_names=tuple(ATTRIBUTES.values()),
        source="Drawn for this course (CC BY 4.0)",
        attributes=tuple(ATTRIBUTES),
    )


def _photographs():
    images, names = _decode(FACES_FILE.read())
    fields = [name.split("_") for name in names]
    people = tuple(sorted({person for person, *_ in fields}))
    labels = np.array(
        [
            (_EYES.index(eyes), _EXPRESSIONS.index(expression), _POSES.index(pose), people.index(p))
            for p, pose, expression, eyes in fields
        ]
    )
    held_out = np.random.default_rng(0).permutation(len(people))[:N_TEST_PEOPLE]
    in_test = np.isin(labels[:, -1], held_out)
    x = images.astype("float32") / BRIGHTEST
    return Dataset(
        name="faces",
        edition="full",
        x_train=x[~in_test],
        y_train=labels[~in_test],
        x_test=x[in_test],
        y_test=labels[in_test],
        label_names=(("no", "yes"), _EXPRESSIONS, _POSES, people),
        source="CMU face images, T. Mitchell, UCI repository (CC BY 4.0)",
        attributes=("glasses", "expression", "pose", "person"),
    )


def _decode(content):
    """Return the pictures and names of an .npz file, ordered by name."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        images, names = arrays["images"], arrays["names"]
    order = np.argsort(names)
    return images[order], [str(name) for name in names[order]]


def _digest(content):
    """Return the checksum of names and pixels: an .npz file of the same arrays may differ."""
    digest = hashlib.sha256()
    for image, name in zip(*_decode(content), strict=True):
        digest.update(f"{name} {image.dtype} {image.shape}\n".encode())
        digest.update(image.tobytes())
    return digest.hexdigest()


def _unpack(archive):
    """Return an .npz file of the half-resolution pictures in UCI's archive of archives."""
    images = {}
    with zipfile.ZipFile(archive) as outer:
        for name in outer.namelist():
            if not name.endswith((".tar", ".tar.gz", ".tgz")):
                continue
            with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as inner:
                for member in inner:
                    # Pictures that the camera spoiled end in .bad, and do not match.
                    match = _MEMBER.fullmatch(member.name)
                    if match and member.isfile():
                        images[match[1]] = read_pgm(inner.extractfile(member).read())
    if not images:
        raise ValueError("it holds no half-resolution picture, *_2.pgm")
    buffer = io.BytesIO()
    names = sorted(images)
    np.savez_compressed(buffer, images=np.stack([images[n] for n in names]), names=names)
    return buffer.getvalue()


#: The photographs, 60 by 64 pixels each, as the arrays `images` and `names` of an .npz file.
FACES_FILE = RemoteFile(
    path="cmu-faces/cmu_faces_60x64_uint8.npz",
    url="https://archive.ics.uci.edu/static/public/124/cmu+face+images.zip",
    sha256="8e6487be7cf24d25bba2d67344b3f034d1011c550f84f3620214d8b5376b0eed",
    unpack=_unpack,
    digest=_digest,
)


def read_pgm(content):
    """Decode a gray picture in the binary PGM format.

    Args:
        content: The bytes of a PGM file: `P5`, width, height and largest value, separated
            by blanks, then one byte a pixel. A comment runs from `#` to the line's end.

    Returns:
        A `uint8` array of shape `(height, width)`.

    Raises:
        ValueError: If the header is another one, or pixels are missing.

    Example:
        >>> read_pgm(b"P5 3 2 255 abcdef").shape
        (2, 3)
    """
    blank = rb"(?:\s|#[^\n]*\n)+"
    header = re.match(rb"P5%b(\d+)%b(\d+)%b(\d+)\s" % (blank, blank, blank), content)
    width, height, largest = map(int, header.groups()) if header else (0, 0, 0)
    if not (width and height and 0 < largest < 256):
        raise ValueError(
            "A PGM file of bytes starts with P5, width, height and a largest value below 256. "
            f"Received: {content[:16]!r}"
        )
    body = content[header.end() :]  # further pictures may follow
    if len(body) < width * height:
        raise ValueError(
            f"The PGM header names {width} x {height} pixels, one byte each. "
            f"Received: {len(body)} bytes"
        )
    return np.frombuffer(body, "u1", count=width * height).reshape(height, width)
