import pytest
from book_inputs import BOOK_INPUTS, NO_RESULT_INPUT, RESULT_INPUTS, book_key, results_key

TREE = {
    "course_lib/vae.py": "x = 1\n",
    "course_lib/data/reviews.txt": "good\n",
    "course_lib/grading/wire.py": "w = 1\n",
    "requirements.lock": "keras==3\n",
    "_config.yml": "title: a\n",
    "_toc.yml": "root: intro\n",
    "_static/course.css": "p {}\n",
    "chapters/01-a.md": "# A\n",
    "intro.md": "# Hi\n",
    "references.bib": "@book{a}\n",
    "tools/build_book.py": "y = 1\n",
    "README.md": "# Read me\n",
    "tests/test_vae.py": "z = 1\n",
}


@pytest.fixture(autouse=True)
def _no_edition(monkeypatch):
    monkeypatch.delenv("COURSE_DATA", raising=False)


@pytest.fixture
def tree(tmp_path):
    for name, text in TREE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def is_input(name, inputs):
    if name.startswith(NO_RESULT_INPUT):  # the pages describe it, and do not run it
        return inputs is BOOK_INPUTS
    return name in inputs or name.split("/")[0] in inputs


@pytest.mark.parametrize(("key", "inputs"), [(results_key, RESULT_INPUTS), (book_key, BOOK_INPUTS)])
class TestKey:
    @pytest.mark.parametrize("name", TREE)
    def test_changes_with_each_input_and_with_nothing_else(self, tree, key, inputs, name):
        before = key(tree)
        (tree / name).write_text("something else\n")
        assert (key(tree) != before) == is_input(name, inputs)
        (tree / name).write_text(TREE[name])
        assert key(tree) == before

    def test_changes_when_a_file_comes_goes_or_moves(self, tree, key, inputs):
        keys = {key(tree)}
        (tree / "course_lib" / "new.py").touch()
        keys.add(key(tree))
        (tree / "course_lib" / "new.py").rename(tree / "course_lib" / "newer.py")
        keys.add(key(tree))
        (tree / "course_lib" / "vae.py").unlink()
        keys.add(key(tree))
        assert len(keys) == 4

    def test_changes_when_text_moves_between_files(self, tree, key, inputs):
        # The end of one file and the start of the next are kept apart.
        before = key(tree)
        (tree / "course_lib" / "vae.py").write_text("x = 1\ny = 2\n")
        (tree / "course_lib" / "wae.py").write_text("")
        one = key(tree)
        (tree / "course_lib" / "vae.py").write_text("x = 1\n")
        (tree / "course_lib" / "wae.py").write_text("y = 2\n")
        assert len({before, one, key(tree)}) == 3

    def test_ignores_what_python_leaves_behind(self, tree, key, inputs):
        before = key(tree)
        for folder in ("course_lib", "tools"):
            (tree / folder / "__pycache__").mkdir()
            (tree / folder / "__pycache__" / "vae.cpython-311.pyc").write_bytes(b"\0")
        assert key(tree) == before

    def test_changes_with_the_edition_and_names_it(self, tree, key, inputs, monkeypatch):
        embedded = key(tree)
        monkeypatch.setenv("COURSE_DATA", "full")
        full = key(tree)
        assert embedded.startswith("embedded-")
        assert full.startswith("full-")
        assert embedded.removeprefix("embedded") == full.removeprefix("full")

    def test_is_the_same_in_another_folder(self, tree, key, inputs, tmp_path_factory):
        other = tmp_path_factory.mktemp("other") / "copy"
        other.mkdir()
        for name in reversed(TREE):
            (other / name).parent.mkdir(parents=True, exist_ok=True)
            (other / name).write_text(TREE[name])
        assert key(other) == key(tree)


def test_a_page_is_built_anew_whenever_a_result_is():
    assert set(RESULT_INPUTS) <= set(BOOK_INPUTS)
