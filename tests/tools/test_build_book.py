import pytest

from course_lib._environment import available_cores

pytestmark = pytest.mark.slow


def test_pages_follow_the_package_and_run_no_more_often_than_they_must(tiny_book):
    """One long story, since each build takes seconds: what is executed, and what is kept."""
    # A first build executes the chapter and says how long it took.
    status, output = tiny_book.build()
    assert status == 0, output
    assert tiny_book.executions() == ["embedded"]
    assert "Building the book (embedded data)" in output
    assert " s  chapters/01-tiny\n" in output
    index = tiny_book.root / "_build/html/index.html"
    assert f"Open {index}\n" in output
    assert index.is_file()
    assert "bar17" in tiny_book.page()

    # Nothing changed: nothing is built, and the times are still told.
    status, output = tiny_book.build()
    assert status == 0, output
    assert output.startswith("Nothing has changed since the book was last built (embedded data).")
    assert " s  chapters/01-tiny\n" in output
    assert f"Open {index}\n" in output

    # Another text: a new page around the old results.
    tiny_book.edit("chapters/01-tiny.md", "See {numref}", "Have a look at {numref}")
    status, output = tiny_book.build()
    assert status == 0, output
    assert "Have a look at" in tiny_book.page()
    assert tiny_book.executions() == ["embedded"]

    # Another page: the table of contents beside the chapter has it, too.
    tiny_book.write("chapters/appendix-more.md", "# More to read\n")
    both = "  - file: chapters/01-tiny\n  - file: chapters/appendix-more\n"
    tiny_book.edit("_toc.yml", "  - file: chapters/01-tiny\n", both)
    status, output = tiny_book.build()
    assert status == 0, output
    assert "More to read" in tiny_book.page()
    assert tiny_book.executions() == ["embedded"]

    # Another number in the package: the old result must not survive.
    tiny_book.edit("course_lib/secret.py", "17", "23")
    status, output = tiny_book.build()
    assert status == 0, output
    assert tiny_book.executions() == ["embedded"] * 2
    assert "bar23" in tiny_book.page()
    assert "bar17" not in tiny_book.page()

    # Another lock: other libraries may compute other numbers.
    tiny_book.edit("requirements.lock", "absl-py==", "absl-py==9")
    status, output = tiny_book.build()
    assert status == 0, output
    assert tiny_book.executions() == ["embedded"] * 3

    # The other edition has a folder of its own, and leaves this one's pages alone.
    status, output = tiny_book.build("full")
    assert status == 0, output
    assert tiny_book.executions() == ["embedded"] * 3 + ["full"]
    assert "bar23" in tiny_book.page("full")
    status, output = tiny_book.build()
    assert output.startswith("Nothing has changed")


def test_a_failing_cell_and_a_warning_fail_every_build(tiny_book):
    tiny_book.edit("course_lib/secret.py", "NUMBER", "number")
    tiny_book.edit("intro.md", "{ref}`ch-tiny`", "{ref}`ch-unknown`")
    tiny_book.write("_build/finished", "the key of an earlier build, which succeeded")
    for _ in range(2):  # a second run must not find pages "unchanged", and so fine
        status, output = tiny_book.build()
        assert status != 0
        assert "Done in" not in output
        # The pages on disk are no longer those of the earlier build.
        assert not (tiny_book.root / "_build/finished").exists()
        warnings = [line for line in output.splitlines() if "WARNING: " in line]
        assert any("intro.md:3: " in line and "'ch-unknown'" in line for line in warnings)
        report = output.partition("chapters/01-tiny.md, line 29: this cell failed.\n")[2]
        assert report.splitlines() == [
            '    plotting.bars({f"bar{secret.NUMBER}": secret.NUMBER}, "nats")',
            "AttributeError: module 'course_lib.secret' has no attribute 'NUMBER'",
        ]


def test_a_mere_warning_fails_the_build(tiny_book):
    tiny_book.edit("intro.md", "{ref}`ch-tiny`", "{ref}`ch-unknown`")
    status, output = tiny_book.build()
    assert status != 0
    assert "'ch-unknown'" in output
    assert "this cell failed" not in output


def test_a_picture_without_alternative_text_fails_the_build(tiny_book):
    alt = "  image:\n    alt: One bar, whose name is the secret number & more.\n"
    tiny_book.edit("chapters/01-tiny.md", alt, "")
    status, output = tiny_book.build()
    assert status != 0
    assert "chapters/01-tiny: " in output
    assert "has no alternative text" in output


@pytest.mark.skipif(available_cores() < 2, reason="with one core pages wait for each other")
def test_pages_are_executed_side_by_side(tiny_book):
    # Each page waits for the other one to have started: one after the other, both would fail.
    page = """\
---
file_format: mystnb
kernelspec:
  name: python3
---
# Page {me}

```{{code-cell}} ipython3
import pathlib, time
pathlib.Path("{me}-has-started").touch()
deadline = time.monotonic() + 60
while not pathlib.Path("{other}-has-started").exists():
    assert time.monotonic() < deadline, "alone"
    time.sleep(0.1)
```
"""
    tiny_book.write("chapters/02-left.md", page.format(me="left", other="right"))
    tiny_book.write("chapters/03-right.md", page.format(me="right", other="left"))
    one = "  - file: chapters/01-tiny\n"
    tiny_book.edit(
        "_toc.yml", one, f"{one}  - file: chapters/02-left\n  - file: chapters/03-right\n"
    )
    status, output = tiny_book.build()
    assert status == 0, output
    assert tiny_book.executions() == ["embedded"]  # nothing twice
