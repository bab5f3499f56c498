import json
import os
import subprocess

import check_sources
import pytest

CHAPTER = """\
---
file_format: mystnb
kernelspec:
  name: python3
---
(ch-good)=
# A good chapter

:::{admonition} What you will be able to do
- Tell a good chapter from a bad one.
:::

:::{admonition} Predict first
:class: tip
What does {numref}`fig-line` show, and {numref}`Figure %s <fig-bars>`?
:::

As {footcite:t}`mackay2003` says, the bound {eq}`eq-bound` holds.

$$
a \\ge b
$$ (eq-bound)

```{code-cell} ipython3
---
mystnb:
  figure:
    caption: A line that grows
    name: fig-line
  image:
    alt: A straight line from lower left to upper right.
---
plotting.curves({"a": [1, 2]}, "epoch", "nats")
```

```{code-cell} ipython3
---
mystnb:
  figure:
    caption: Bars
    name: fig-bars
  image:
    alt: Two bars, the first twice as long as the second.
---
plotting.bars({"a": 2, "b": 1}, "nats")
```

## Common slips
One may forget {eq}`eq-second`.

## Summary
It was good.

## Check yourself
### Question 1: the first
Is it?

:::{dropdown} It is
No. Look again.
:::
:::{dropdown} It is not
Right. It was.
:::
:::{dropdown} It will be
No. That is $1 + 1$ too many.
:::

### Question 2: the second
Was it?

:::{dropdown} It was
Right. See above.
:::
:::{dropdown} It will be
No. It was.
:::
:::{dropdown} It is
No. It was.
:::

## Exercises
### Exercise 1: the first
Why?

:::{dropdown} Solution
Because.

$$ c = d $$ (eq-second)
:::

### Exercise 2: the second
How?

:::{dropdown} Solution
So.
:::

## References
```{footbibliography}
```
"""

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": ["# Task\n", "Do it."]},
        {
            "cell_type": "code",
            "id": "task",
            "metadata": {},
            "source": "x = 1\ncolor = 2",
            "outputs": [],
            "execution_count": None,
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}

FILES = {
    "_toc.yml": "format: jb-book\nroot: intro\nparts:\n"
    "  - caption: One\n    chapters:\n      - file: chapters/01-good\n",
    "intro.md": "# Welcome\nSee {cite}`kingma2014`.\n",
    "chapters/01-good.md": CHAPTER,
    "references.bib": "@book{mackay2003, title = {Model" + "ling}, author = {MacKay, D.}}\n"
    "@misc{kingma2014, title = {VAE}, author = {Kingma, D.}}\n",
    "assignments/source/ps1/task.ipynb": json.dumps(NOTEBOOK, indent=1),
    "LICENSE": "This lic" + "ence is quoted.\n",
    "style.css": "p { color: gray; }\n",
    "notes.md": "As TeX's \\centre does, up/and/down.\n",
    ".gitignore": "/_build/\n",
    "_build/page.html": "TO" + "DO: nothing that is built is looked at\n",
}


@pytest.fixture
def tree(tmp_path):
    """A small book in which nothing is wrong, under git."""
    root = tmp_path / "maker" / "book"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return root


def edit(root, name, old, new):
    path = root / name
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def lines(root):
    return [str(problem) for problem in check_sources.check(root)]


def test_a_good_tree_passes(tree):
    assert lines(tree) == []


def test_a_good_tree_passes_without_git(tree, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert lines(tree) == []


CH, NB = "chapters/01-good.md", "assignments/source/ps1/task.ipynb"
BROKEN = [
    # 1 notebooks
    (NB, '"outputs": []', '"outputs": [{"output_type": "stream"}]', "cell 2 has outputs"),
    (NB, '"execution_count": null', '"execution_count": 3', "cell 2 has an execution count"),
    # 2 skeleton
    (CH, "file_format: mystnb", "jupytext: {}", "file_format: mystnb"),
    (CH, "(ch-good)=", "(good)=", "has no label"),
    (CH, "# A good chapter\n", "", "has no title"),
    (CH, "## Summary", "# Summary\n## Summary", "has a title a second time"),
    (CH, "What you will be able to do", "Aims", "has no admonition `What you"),
    (CH, "{admonition} Predict first", "{note} Predict first", "has no admonition `Predict"),
    (CH, "## Common slips", "## Uncommon slips", "has no section `## Common slips`"),
    (CH, "## Summary", "### Summary", "has no section `## Summary`"),
    (CH, "## Summary\nIt was good.\n", "", "has no section `## Summary`"),
    (CH, "## References", "## Sources", "has no section `## References`"),
    (CH, "```{footbibliography}\n```", "None.", "has no `{footbibliography}`"),
    (CH, "## Common slips\n", "## Summary\n## Common slips\n", "a second time"),
    (CH, "## Check yourself", "## Check others", "has no section `## Check yourself`"),
    (CH, "### Question 1: the first", "### Question 7: the first", "write `### Question 1:"),
    (CH, ":::{dropdown} It is not\n", ":::{dropdown} It is not\n:open:\n", "drop `:open:`"),
    (CH, "No. Look again.", "Look again.", "starts with `Right.` or `No.`"),
    (CH, "No. Look again.", "No.", "starts with `Right.` or `No.`"),
    (CH, "No. Look again.", "Right. Look again.", "one of them right"),
    (CH, "Right. It was.", "No. It was.", "one of them right"),
    (CH, ":::{dropdown} It is\nNo. Look again.\n:::\n", "", "three or more"),
    (CH, "### Exercise 1: the first", "### Exercise 7: the first", "write `### Exercise 1:"),
    (CH, "### Exercise 2: the second\nHow?\n", "", "has 'Solution', 'Solution'"),
    (CH, ":::{dropdown} Solution\nSo.\n:::\n", "", "needs one `{dropdown} Solution`, has none"),
    (CH, "Solution\nSo.", "Result\nSo.", "needs one `{dropdown} Solution`, has 'Result'"),
    (CH, "Solution\nSo.", "Solution\n:open:\nSo.", "drop `:open:`"),
    # 3 figures
    (CH, "A line that grows", "A line that grows and grows for ever", "one to 6 words"),
    (CH, "    caption: Bars\n", "", "one to 6 words"),
    (CH, "name: fig-bars", "name: bars", "must start with `fig-`"),
    (CH, "{numref}`fig-line`", "the picture", "no {numref}`fig-line`"),
    (CH, "{numref}`Figure %s <fig-bars>`", "the other", "no {numref}`fig-bars`"),
    (CH, "alt: A straight line from lower left to upper right.", "alt: A line", "20 characters"),
    (CH, "    alt: Two bars, the first twice as long as the second.\n", "    x: 1\n", "20 char"),
    # 4 equations
    (CH, "$$ (eq-bound)", "$$ (bound)", "must start with `eq-`"),
    (CH, "{eq}`eq-bound`", "always", "no {eq}`eq-bound`"),
    (CH, "{eq}`eq-second`", "all", "no {eq}`eq-second`"),
    (CH, "$$ (eq-second)", "$$ (eq-bound)", "'eq-bound' is taken, in chapters/01-good.md:20"),
    # 5 citations
    (CH, "{footcite:t}`mackay2003`", "{footcite:t}`mackay2003,turing1950`", "'turing1950' is not"),
    (CH, "{footcite:t}`mackay2003`", "somebody", "'mackay2003' is never cited"),
    ("intro.md", "{cite}`kingma2014`", "it", "references.bib:2: 'kingma2014' is never cited"),
    # table of contents
    ("_toc.yml", "chapters/01-good", "chapters/01-bad", "chapters/01-bad.md does not exist"),
    ("_toc.yml", "      - file: chapters/01-good\n", "      []\n", "01-good.md:1: is not in"),
    # 6 words; the list of words is cut so that this file has none of them
    ("notes.md", "up/", "TO" + "DO up/", "a loose end"),
    ("notes.md", "up/", "FIX" + "ME: up/", "a loose end"),
    ("notes.md", "up/", "XX" + "X up/", "a loose end"),
    ("notes.md", "up/", "files.python" + "hosted.org/up/", "a package registry"),
    ("notes.md", "up/", "https://py" + "pi.org/up/", "a package registry"),
    ("notes.md", "up/", "https://mirror.example/py/sim" + "ple/ up/", "a package registry"),
    ("notes.md", "up/", "pip --index" + "-url x up/", "a package registry"),
    ("notes.md", "up/", "Behav" + "iour up/", "write `Behavior`"),
    ("notes.md", "up/", "colo" + "ured up/", "write `colored`"),
    ("notes.md", "up/", "my_normal" + "isation up/", "write `normalization`"),
    ("notes.md", "up/", "optim" + "ised up/", "write `optimized`"),
    ("notes.md", "up/", "cent" + "re up/", "write `center`"),
    ("notes.md", "up/", "lic" + "ence up/", "write `license`"),
    ("notes.md", "up/", "gr" + "ey up/", "write `gray`"),
    ("notes.md", "up/", "label" + "led up/", "write `labeled`"),
    ("notes.md", "up/", "model" + "ling up/", "write `modeling`"),
    ("notes.md", "up/", "favo" + "urite up/", "write `favorite`"),
    (NB, "color", "colo" + "ur", "write `color`"),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), BROKEN)
def test_each_rule_goes_red(tree, name, old, new, message):
    edit(tree, name, old, new)
    found = lines(tree)
    assert any(message in line for line in found), found
    assert len(found) <= 3  # a missing reference leaves its target alone, too; no more than that


def test_a_missing_part_is_one_problem(tree):
    edit(tree, CH, "## Summary\nIt was good.\n", "")
    assert lines(tree) == [f"{CH}:1: has no section `## Summary`"]


def test_parts_in_the_wrong_order(tree):
    edit(tree, CH, "## Summary\nIt was good.\n", "")
    edit(tree, CH, "## Common slips\n", "## Summary\nIt was good.\n\n## Common slips\n")
    (line,) = lines(tree)
    assert line.startswith(f"{CH}:4")
    assert "`## Summary` too late or too early" in line


@pytest.mark.parametrize("count", [1, 4])
def test_two_or_three_exercises(tree, count):
    text = (tree / CH).read_text("utf-8")
    start, end = text.index("### Exercise 1"), text.index("## References")
    exercise = "### Exercise {}: a\n:::{{dropdown}} Solution\nSo. {{eq}}`eq-bound`\n:::\n"
    exercises = "".join(exercise.format(i + 1) for i in range(count))
    (tree / CH).write_text(
        text[:start] + exercises + text[end:].replace("eq-second", "eq-bound"), "utf-8"
    )
    edit(tree, CH, "One may forget {eq}`eq-second`.", "One may.")
    assert lines(tree) == [f"{CH}:1: needs two or three exercises, has {count}"]


def test_three_exercises_are_fine(tree):
    third = "### Exercise 3: the third\n\n:::{dropdown} Solution\nSo it is.\n:::\n\n## References"
    edit(tree, CH, "## References", third)
    assert lines(tree) == []


def test_an_appendix_needs_no_skeleton(tree):
    edit(tree, "_toc.yml", "chapters/01-good\n", "chapters/01-good\n      - file: chapters/{}\n")
    edit(tree, "_toc.yml", "{}", "appendix-notation")
    (tree / "chapters" / "appendix-notation.md").write_text("# Notation\n")
    assert lines(tree) == []
    edit(tree, "_toc.yml", "appendix-notation", "notation")
    (tree / "chapters" / "appendix-notation.md").rename(tree / "chapters" / "notation.md")
    assert "neither NN-name nor appendix-name" in lines(tree)[0]


def test_a_directive_without_content(tree):
    edit(tree, "intro.md", "# Welcome", "# Welcome\n\n```{tableofcontents}\n```\n")
    assert lines(tree) == []


def test_labels_are_unique_across_pages(tree):
    (tree / "intro.md").write_text("# Hi {cite}`kingma2014`\n\n$$ x $$ (eq-bound)\n")
    (line,) = lines(tree)
    assert line.startswith(f"{CH}:20: the label 'eq-bound' is taken, in intro.md:3")


def test_labels_of_math_directives_count(tree):
    edit(tree, CH, "## Summary\n", "```{math}\n:label: eq-third\nx = y\n```\n## Summary\n")
    (line,) = lines(tree)
    assert "no {eq}`eq-third`" in line


@pytest.mark.parametrize("where", ["root", "parent", "home"])
def test_a_path_of_this_machine(tree, monkeypatch, where):
    monkeypatch.setenv("HOME", str(tree.parent.parent / "home"))
    folder = {"root": tree, "parent": tree.parent, "home": os.environ["HOME"]}[where]
    edit(tree, "notes.md", "up/", f"{folder}/x up/")
    found = lines(tree)
    assert found
    assert all("notes.md:1: a path of this machine" in line for line in found)


def test_a_short_home_is_no_path(tree, monkeypatch):
    monkeypatch.setenv("HOME", "/")
    edit(tree, "notes.md", "up/", "/up/")
    assert lines(tree) == []


def test_a_large_file(tree):
    (tree / "data.bin").write_bytes(b"\xff" * (check_sources.SIZE_LIMIT + 1))
    assert lines(tree) == ["data.bin:1: is larger than 500 kB: 500 kB"]


def test_words_of_others_may_be_british(tree):
    # Those in references.bib and LICENSE are in every tree; American words and longer ones:
    words = "Optimistic, minimal, realistic, generalist, analyses, a color, greyhound, centered"
    edit(tree, "notes.md", "up/", f"{words} up/")
    assert lines(tree) == []


def test_main_prints_problems_and_fails(tree, monkeypatch, capsys):
    edit(tree, "notes.md", "up/", "XX" + "X up/")
    monkeypatch.setattr(check_sources.check, "__defaults__", (tree,))
    assert check_sources.main() == 1
    assert capsys.readouterr().out.startswith("notes.md:1: a loose end: 'XX" + "X'; ")
    edit(tree, "notes.md", "XX" + "X up/", "up/")
    assert check_sources.main() == 0
    assert capsys.readouterr().out == ""


def test_line_numbers_inside_directives(tree):
    edit(tree, CH, ":class: tip\nWhat", ":class: tip\nSo {footcite:p}`x1`\n{footcite:p}`y2`, what")
    assert [line.split(": ")[0] for line in lines(tree)] == [f"{CH}:15", f"{CH}:16"]
