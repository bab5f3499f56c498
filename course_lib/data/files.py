"""Files of the full edition: where they are, whether they are intact, how to get them."""

import gzip
import hashlib
import os
import pathlib
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

#: The two editions of the data, the default first.
EDITIONS = ("embedded", "full")

#: What the standard library and NumPy raise when they decode bytes that are not what they seem.
_DECODING_ERRORS = (
    EOFError,
    KeyError,
    OSError,  # includes gzip.BadGzipFile
    RuntimeError,  # an encrypted zip member, an unknown compression
    ValueError,  # includes UnicodeDecodeError
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


def current_edition(edition=None):
    """Return the edition to load.

    Args:
        edition: `"embedded"`, `"full"`, or `None` for the one that the environment
            variable `COURSE_DATA` names (the embedded one where it is unset).

    Returns:
        `"embedded"` or `"full"`.

    Raises:
        ValueError: If the name is neither.

    Example:
        >>> current_edition("full")
        'full'
    """
    if edition is None:
        edition, what = os.environ.get("COURSE_DATA") or EDITIONS[0], "COURSE_DATA"
    else:
        what = "edition"
    if edition not in EDITIONS:
        raise ValueError(f"{what} must be one of {EDITIONS}. Received: {what}={edition!r}")
    return edition


@dataclass(frozen=True)
class RemoteFile:
    """A public file that the full edition reads.

    Args:
        path: Place below the data folder, such as `"mnist/train-labels-idx1-ubyte.gz"`.
        url: Canonical address of the file, or of the archive that holds it.
        sha256: Checksum of the content, after gunzipping where `path` ends in `.gz`:
            the same content is compressed differently in different places.
        unpack: `None` if `url` serves the file itself; otherwise a function that takes
            the path of the downloaded archive and returns the file's bytes.
        digest: `None` if `sha256` is the checksum of the content's bytes; otherwise a
            function that takes these bytes and returns, in hexadecimal, the checksum of
            what they encode. For formats that write the same content in several ways.

    Example:
        >>> file = RemoteFile("set/a.txt", "https://example.org/a.txt", sha256="0" * 64)
        >>> file.path
        'set/a.txt'
    """

    path: str
    url: str
    sha256: str
    unpack: Callable | None = None
    digest: Callable | None = None

    def read(self):
        """Return the verified content as `bytes`, downloading the file when needed.

        With `COURSE_DATA_DIR` set, the file is read from that folder; for a file that comes
        in an archive, the archive itself, saved beside it under its own name, will do.

        Raises:
            FileNotFoundError: If the file is not in `COURSE_DATA_DIR`, or, without that
                variable, cannot be downloaded.
            ValueError: If the content is not what the registry expects.
        """
        folder = os.environ.get("COURSE_DATA_DIR")
        if folder:
            return self._read_from(pathlib.Path(folder))
        place = cache_folder() / self.path
        if not place.is_file():
            self._download(place)
        return self._verified(place.read_bytes(), place)

    def _read_from(self, folder):
        place = folder / self.path
        if place.is_file():
            return self._verified(place.read_bytes(), place)
        archive = folder / self._saved_as
        if self.unpack and archive.is_file():
            return self._verified(self._unpacked(archive), archive)
        raise FileNotFoundError(
            f"Cannot find {place} (the folder is COURSE_DATA_DIR). {self._ways_out}"
        )

    @property
    def _saved_as(self):
        """Where a person saves what `url` serves: the file's own place, or beside it."""
        path = pathlib.PurePosixPath(self.path)
        return str(path.with_name(self.url.rpartition("/")[2]) if self.unpack else path)

    @property
    def _ways_out(self):
        name = pathlib.PurePosixPath(self.path).name
        return (
            f"Two ways out: fetch {self.url} yourself, save it as {self._saved_as} in a folder and "
            f"set COURSE_DATA_DIR to that folder; or set COURSE_DATA=embedded, which needs no "
            f"file and no network ({name} belongs to the full edition)."
        )

    def _verified(self, content, origin):
        """Return the content if it has the expected checksum; `origin` is for the error."""
        try:
            if self.path.endswith(".gz"):
                content = gzip.decompress(content)
            found = (self.digest or _sha256)(content)
        except _DECODING_ERRORS as error:
            raise ValueError(
                f"{origin} is damaged ({_one_line(error)}). {self._ways_out}"
            ) from error
        if found != self.sha256:
            raise ValueError(
                f"{origin} has the wrong content. Expected sha256 {self.sha256}. "
                f"Received: {found}. {self._ways_out}"
            )
        return content

    def _download(self, place):
        import keras  # takes seconds, and only a download needs it

        # Everything happens in a scratch folder; only a verified file reaches its place,
        # in one step. An interruption at any moment leaves nothing half-written.
        place.parent.mkdir(parents=True, exist_ok=True)
        scratch = pathlib.Path(tempfile.mkdtemp(prefix=".download-", dir=place.parent))
        try:
            try:
                archive = keras.utils.get_file(
                    "archive", self.url, cache_dir=scratch, cache_subdir="."
                )
            except Exception as error:  # get_file wraps every network error in a bare Exception
                raise FileNotFoundError(
                    f"Cannot download {self.path}: {_one_line(error)}. {self._ways_out}"
                ) from error
            fresh = scratch / place.name
            if self.unpack is None:
                os.replace(archive, fresh)
            else:
                fresh.write_bytes(self._unpacked(archive))
            self._verified(fresh.read_bytes(), f"The download of {self.path}")
            os.replace(fresh, place)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _unpacked(self, archive):
        try:
            return self.unpack(archive)
        except _DECODING_ERRORS as error:
            raise ValueError(
                f"{self.url} is not the archive that holds {self.path} "
                f"({_one_line(error)}). {self._ways_out}"
            ) from error


def _one_line(error):
    return " ".join(str(error).split())


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


def cache_folder():
    """Return the folder that downloads are kept in: `course_lib` in Keras' own cache.

    Returns:
        A `pathlib.Path`; the folder need not exist yet.

    Example:
        >>> cache_folder().name
        'course_lib'
    """
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    return pathlib.Path(home) / "datasets" / "course_lib"
