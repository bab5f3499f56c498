"""Fixtures of the package's tests.

The folders hold no `__init__.py`: a package called `tests/course_lib` could be taken for the
real one. Run with `--import-mode=importlib`.
"""

import http.server
import os
import pathlib
import threading

import pytest

#: Where the real data sets are, if the person who runs the tests has them.
FULL_DATA = os.environ.get("COURSE_DATA_DIR")


@pytest.fixture(autouse=True)
def _default_edition(monkeypatch):
    """Tests choose their edition themselves, whatever the shell says."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.delenv("COURSE_DATA_DIR", raising=False)


@pytest.fixture
def full_data(monkeypatch):
    """The folder of the real data sets, with COURSE_DATA_DIR set to it."""
    if not FULL_DATA:
        pytest.skip("COURSE_DATA_DIR is not set: the real data sets are not at hand")
    monkeypatch.setenv("COURSE_DATA_DIR", FULL_DATA)
    return pathlib.Path(FULL_DATA)


class FileServer:
    """An HTTP server on this machine that serves bytes, and remembers who asked for what."""

    def __init__(self):
        files, requests = {}, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                requests.append(self.path)
                if self.path not in files:
                    self.send_error(404)
                    return
                content, declared = files[self.path]
                self.send_response(200)
                self.send_header("Content-Length", str(declared))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                """Say nothing."""

        self.files, self.requests = files, requests
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self.thread.start()

    def add(self, path, content, declared=None):
        """Serve `content` at `/path`; `declared` is the length that the header claims."""
        self.files[f"/{path}"] = (content, len(content) if declared is None else declared)
        return self.url(path)

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_port}/{path}"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def server(monkeypatch):
    """A `FileServer`; the proxy that the shell may name is not asked for it."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "*")
    server = FileServer()
    yield server
    server.close()


@pytest.fixture
def keras_home(monkeypatch, tmp_path):
    """An empty folder in which Keras keeps its downloads."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"
