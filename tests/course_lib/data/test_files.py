"""Files of the full edition: found, verified, downloaded; and clear errors otherwise."""

import gc
import gzip
import hashlib
import io
import pathlib
import random
import socket
import tarfile

import keras
import pytest

from course_lib.data import EDITIONS, current_edition
from course_lib.data.files import RemoteFile, cache_folder

CONTENT = b"a waste of time and money\n" * 50


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def remote(url, path="set/file.txt", content=CONTENT, unpack=None):
    return RemoteFile(path=path, url=url, sha256=sha256(content), unpack=unpack)


def files_below(folder):
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def tar_gz(members):
    """Return a .tar.gz archive of the given files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def damaged(archive):
    """Return an archive with thirty bytes in the middle overwritten."""
    middle = len(archive) // 2
    return archive[:middle] + b"\xff" * 30 + archive[middle + 30 :]


def first_member(archive):
    with tarfile.open(archive) as tar:
        return tar.extractfile("folder/member.txt").read()


# Editions


def test_edition_is_embedded_by_default():
    assert current_edition() == "embedded"
    assert EDITIONS[0] == "embedded"


def test_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "")
    assert current_edition() == "embedded"


@pytest.mark.parametrize("edition", EDITIONS)
def test_edition_comes_from_the_environment(monkeypatch, edition):
    monkeypatch.setenv("COURSE_DATA", edition)
    assert current_edition() == edition


@pytest.mark.parametrize("edition", EDITIONS)
def test_argument_goes_before_the_environment(monkeypatch, edition):
    monkeypatch.setenv("COURSE_DATA", "nonsense")
    assert current_edition(edition) == edition


@pytest.mark.parametrize("edition", ["Full", "ful", "", 3])
def test_unknown_edition_in_the_argument(edition):
    with pytest.raises(ValueError, match=r"'embedded', 'full'.*Received: edition="):
        current_edition(edition)


def test_unknown_edition_in_the_environment(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "ful")
    with pytest.raises(ValueError, match=r"COURSE_DATA must be.*Received: COURSE_DATA='ful'"):
        current_edition()


# A folder that the user names


def test_file_is_read_from_the_folder_without_a_request(monkeypatch, tmp_path, server):
    (tmp_path / "set").mkdir()
    (tmp_path / "set/file.txt").write_bytes(CONTENT)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    assert remote(server.add("file.txt", CONTENT)).read() == CONTENT
    assert server.requests == []


@pytest.mark.parametrize("level", [1, 9])
def test_checksum_is_of_the_content_however_it_is_compressed(monkeypatch, tmp_path, level):
    (tmp_path / "f.gz").write_bytes(gzip.compress(CONTENT, level))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    assert remote("http://unused.invalid/f.gz", path="f.gz").read() == CONTENT


def test_folder_without_the_file(monkeypatch, tmp_path, server):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    url = server.add("file.txt", CONTENT)
    with pytest.raises(FileNotFoundError) as info:
        remote(url).read()
    message = str(info.value)
    assert str(tmp_path / "set/file.txt") in message
    assert url in message
    assert "set COURSE_DATA_DIR" in message
    assert "COURSE_DATA=embedded" in message
    assert server.requests == []


def test_folder_with_another_content(monkeypatch, tmp_path):
    other = b"another content"
    (tmp_path / "f.txt").write_bytes(other)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    expected = rf"f\.txt has the wrong content.*{sha256(CONTENT)}.*Received: {sha256(other)}"
    with pytest.raises(ValueError, match=expected):
        remote("http://unused.invalid/f.txt", path="f.txt").read()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-20],  # a cut end
        lambda content: b"no gzip at all",
        lambda content: content[:30] + b"\xff" * 10 + content[40:],  # a damaged middle
    ],
)
def test_folder_with_damaged_gzip(monkeypatch, tmp_path, damage):
    (tmp_path / "f.gz").write_bytes(damage(gzip.compress(CONTENT)))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    with pytest.raises(ValueError, match=r"f\.gz is damaged.*Two ways out"):
        remote("http://unused.invalid/f.gz", path="f.gz").read()


def test_archive_in_the_folder_will_do(monkeypatch, tmp_path, server):
    archive = tar_gz({"folder/member.txt": CONTENT})
    file = remote(server.add("a.tar.gz", archive), path="set/member.txt", unpack=first_member)
    (tmp_path / "set").mkdir()
    (tmp_path / "set/a.tar.gz").write_bytes(archive)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    assert file.read() == CONTENT
    # The file itself goes before the archive.
    (tmp_path / "set/member.txt").write_bytes(b"another content")
    with pytest.raises(ValueError, match=r"member\.txt has the wrong content"):
        file.read()
    assert server.requests == []


def test_folder_without_the_archive_says_where_to_save_it(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    file = remote("http://unused.invalid/a.tar.gz", path="set/member.txt", unpack=first_member)
    with pytest.raises(FileNotFoundError, match=r"save it as set/a\.tar\.gz in a folder"):
        file.read()


@pytest.mark.parametrize(
    "body",
    [b"no archive", tar_gz({}), tar_gz({"folder/member.txt": b"x"})],
    ids=["no archive", "empty", "another member"],  # an archive holds the time
)
def test_wrong_archive_in_the_folder(monkeypatch, tmp_path, body):
    (tmp_path / "a.tar.gz").write_bytes(body)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    file = remote("http://unused.invalid/a.tar.gz", path="member.txt", unpack=first_member)
    with pytest.raises(ValueError, match=r"is not the archive|wrong content") as info:
        file.read()
    check_ways_out(str(info.value), file)
    assert "\n" not in str(info.value)


# Checksums of what the bytes encode


def digest_of_words(content):
    return sha256(b" ".join(content.decode("utf-8").upper().encode().split()))


def remote_words(url):
    expected = digest_of_words(CONTENT)
    return RemoteFile(path="set/file.txt", url=url, sha256=expected, digest=digest_of_words)


def test_digest_decides_what_is_the_same_content(server, keras_home):
    spaced = CONTENT.replace(b" ", b"   ")
    file = remote_words(server.add("file.txt", spaced))
    assert file.read() == spaced
    assert file.read() == spaced
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [CONTENT[:-10], b"\xff\xfe"])
def test_digest_refuses_what_differs_or_cannot_be_decoded(server, keras_home, body):
    file = remote_words(server.add("file.txt", body))
    with pytest.raises(ValueError, match=r"wrong content|is damaged") as info:
        file.read()
    check_ways_out(str(info.value), file)
    assert files_below(keras_home) == []


# Downloads


def test_cache_folder_follows_keras_home(keras_home):
    assert keras_home in cache_folder().parents


def test_cache_folder_without_keras_home_is_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".keras" / "datasets" / "course_lib"


def test_download_is_kept_and_the_second_read_makes_no_request(server, keras_home):
    file = remote(server.add("file.txt", CONTENT))
    assert file.read() == CONTENT
    assert server.requests == ["/file.txt"]
    assert file.read() == CONTENT
    assert server.requests == ["/file.txt"]
    assert files_below(keras_home) == ["file.txt"]
    assert (cache_folder() / "set/file.txt").read_bytes() == CONTENT


def test_download_of_gzip_stays_compressed_in_the_cache(server, keras_home):
    compressed = gzip.compress(CONTENT)
    file = remote(server.add("f.gz", compressed), path="set/f.gz")
    assert file.read() == CONTENT
    assert (cache_folder() / "set/f.gz").read_bytes() == compressed
    assert file.read() == CONTENT
    assert len(server.requests) == 1


def test_download_of_an_archive_keeps_the_member_alone(server, keras_home):
    url = server.add("a.tar.gz", tar_gz({"folder/member.txt": CONTENT, "folder/other": b"x"}))
    file = remote(url, path="set/member.txt", unpack=first_member)
    assert file.read() == CONTENT
    assert files_below(keras_home) == ["member.txt"]
    assert file.read() == CONTENT
    assert len(server.requests) == 1


def test_download_ignores_a_folder_variable_that_is_empty(monkeypatch, server, keras_home):
    monkeypatch.setenv("COURSE_DATA_DIR", "")
    assert remote(server.add("file.txt", CONTENT)).read() == CONTENT


def check_ways_out(message, file):
    assert file.path in message
    assert file.url in message
    assert "set COURSE_DATA_DIR" in message
    assert "COURSE_DATA=embedded" in message


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("set/f.txt", b"<html>Please log in to the hotel's network</html>"),
        ("set/f.gz", b"<html>Please log in to the hotel's network</html>"),
        ("set/f.gz", gzip.compress(b"another content")),
        ("set/f.gz", gzip.compress(CONTENT)[:-30]),
    ],
    ids=["page for a text", "page for an archive", "another content", "cut"],
)
def test_wrong_content_is_refused_and_not_kept(server, keras_home, path, body):
    file = remote(server.add("f", body), path=path)
    with pytest.raises(ValueError, match=r"is damaged|Received: [0-9a-f]{64}") as info:
        file.read()
    check_ways_out(str(info.value), file)
    assert files_below(keras_home) == []


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Please log in to the hotel's network</html>",
        tar_gz({"folder/member.txt": CONTENT * 1000})[:-40],
        tar_gz({"folder/another.txt": CONTENT}),
        tar_gz({"folder/member.txt": b"another content"}),
        damaged(tar_gz({"folder/member.txt": random.Random(0).randbytes(10**5)})),
    ],
    ids=["no archive", "cut archive", "member missing", "another member", "damaged archive"],
)
def test_wrong_archive_is_refused_and_not_kept(server, keras_home, body):
    file = remote(server.add("a.tar.gz", body), path="set/member.txt", unpack=first_member)
    with pytest.raises(ValueError, match="Two ways out") as info:
        file.read()
    check_ways_out(str(info.value), file)
    assert files_below(keras_home) == []


def test_good_download_after_a_bad_one(server, keras_home):
    file = remote(server.add("f", b"not yet"))
    with pytest.raises(ValueError, match="wrong content"):
        file.read()
    server.add("f", CONTENT)
    assert file.read() == CONTENT


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.mark.parametrize("failure", ["404", "truncated", "unreachable"])
# After a 404 Keras' get_file leaves the response open, to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_failed_download_names_file_address_and_ways_out(server, keras_home, failure):
    url = {
        "404": server.url("nowhere"),
        "truncated": server.add("cut", CONTENT, declared=2 * len(CONTENT)),
        "unreachable": f"http://127.0.0.1:{closed_port()}/file.txt",
    }[failure]
    file = remote(url)
    with pytest.raises(FileNotFoundError, match="Cannot download") as info:
        file.read()
    check_ways_out(str(info.value), file)
    assert files_below(keras_home) == []
    del info
    gc.collect()  # so that the open response is found here, where its warning is expected


def test_interruption_leaves_nothing_half_written(monkeypatch, keras_home):
    def interrupted(name, url, cache_dir, cache_subdir):
        (pathlib.Path(cache_dir) / name).write_bytes(CONTENT[:10])
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.utils, "get_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        remote("http://unused.invalid/f").read()
    assert files_below(keras_home) == []


def test_damaged_cache_is_an_error_not_a_result(server, keras_home):
    file = remote(server.add("file.txt", CONTENT))
    file.read()
    (cache_folder() / "set/file.txt").write_bytes(CONTENT[:-1])
    with pytest.raises(ValueError, match="wrong content"):
        file.read()
