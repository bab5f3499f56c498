"""A tiny book, built with the real tools: the same configuration, a package of few modules."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]

CHAPTER = """\
---
file_format: mystnb
kernelspec:
  name: python3
---
(ch-tiny)=
# A tiny chapter

See {numref}`fig-tiny`.

```{code-cell} ipython3
import os
from course_lib import plotting, secret
from course_lib.data import current_edition
plotting.use_notebook_style()
with open(os.environ["EXECUTIONS"], "a") as file:
    print(current_edition(), file=file)
```

```{code-cell} ipython3
---
mystnb:
  figure:
    caption: A number
    name: fig-tiny
  image:
    alt: One bar, whose name is the secret number & more.
---
plotting.bars({f"bar{secret.NUMBER}": secret.NUMBER}, "nats")
```
"""

TOC = "format: jb-book\nroot: intro\nchapters:\n  - file: chapters/01-tiny\n"


class TinyBook:
    """A book of one chapter in a folder of its own.

    Args:
        root: Folder to make it in.
    """

    def __init__(self, root):
        self.root = root
        self.executions_file = root.parent / f"{root.name}-executions"
        self.executions_file.touch()
        no_caches = shutil.ignore_patterns("__pycache__")
        for name in ("tools", "_static", "course_lib/data", "course_lib/plotting"):
            shutil.copytree(ROOT / name, root / name, ignore=no_caches)
        for name in ("_config.yml", "requirements.lock"):
            shutil.copy(ROOT / name, root / name)
        for name in ("__init__", "_environment"):
            shutil.copy(ROOT / f"course_lib/{name}.py", root / "course_lib")
        self.write("course_lib/secret.py", "NUMBER = 17\n")
        self.write("_toc.yml", TOC)
        self.write("intro.md", "# Tiny\n\nGo to {ref}`ch-tiny`.\n")
        self.write("references.bib", "")
        self.write("chapters/01-tiny.md", CHAPTER)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def edit(self, name, old, new):
        text = (self.root / name).read_text("utf-8")
        assert text.count(old) == 1
        self.write(name, text.replace(old, new))

    def build(self, edition=None):
        """Run `tools/build_book.py`; return its status and what it prints."""
        environment = {
            **os.environ,
            # Before the package that is installed, and also in the book's kernels.
            "PYTHONPATH": str(self.root),
            "PATH": f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "EXECUTIONS": str(self.executions_file),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        environment.pop("COURSE_DATA", None)
        if edition:
            environment["COURSE_DATA"] = edition
        result = subprocess.run(
            [sys.executable, "tools/build_book.py"],
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return result.returncode, re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)

    def executions(self):
        """Return the editions with which the chapter has been executed so far, in order."""
        return self.executions_file.read_text().split()

    def page(self, edition="embedded"):
        output = self.root if edition == "embedded" else self.root / "_build" / edition
        return (output / "_build/html/chapters/01-tiny.html").read_text("utf-8")


@pytest.fixture
def tiny_book(tmp_path):
    return TinyBook(tmp_path / "book")
