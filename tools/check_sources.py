"""Check what ruff cannot see: notebooks, the chapters' skeleton, citations, wording.

Usage: python tools/check_sources.py. Nothing is executed. Prints each problem as
`path:line: message` and exits with status 1; says nothing and exits with 0 if there is none.
"""

import functools
import json
import os
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass

import pybtex.database
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

ROOT = pathlib.Path(__file__).resolve().parent.parent

#: Bytes that a file in git may have.
SIZE_LIMIT = 500_000

MAX_CAPTION_WORDS = 6
MIN_ALT_CHARACTERS = 20

#: A page of this name has the chapters' skeleton; an appendix is free.
CHAPTER = re.compile(r"chapters/\d\d-[a-z0-9-]+")
APPENDIX = re.compile(r"chapters/appendix-[a-z0-9-]+")

#: The parts of every chapter, in order: what it is, and how a message calls it.
SKELETON = (
    ("target ch-", "a label `(ch-...)=`"),
    ("h1 ", "a title"),
    ("admonition What you will be able to do", "an admonition `What you will be able to do`"),
    ("admonition Predict first", "an admonition `Predict first`"),
    ("h2 Common slips", "a section `## Common slips`"),
    ("h2 Summary", "a section `## Summary`"),
    ("h2 Check yourself", "a section `## Check yourself`"),
    ("h2 Exercises", "a section `## Exercises`"),
    ("h2 References", "a section `## References`"),
    ("footbibliography", "a `{footbibliography}`"),
)

#: Directives whose content is not Markdown.
VERBATIM = {
    *("bibliography", "footbibliography", "code", "code-block", "code-cell"),
    *("eval-rst", "math", "raw"),
}

#: Words with another spelling in American English: what matches, and what to write.
BRITISH = {
    r"(behavi|col|fav|flav|hon|lab|neighb|rig|rum|tum|vig)our(s|ed|ing|ite|less|ful|able|hood)?": (
        r"\1or\2"
    ),
    r"(author|binar|categor|character|custom|digit|discret|emphas|equal|factor|final|formal|gener"
    r"al|ideal|initial|local|marginal|maxim|memor|minim|normal|optim|organ|parametr|penal|quant|ran"
    r"dom|real|recogn|regular|sanit|serial|special|stabil|standard|summar|symbol|token|util|vector|"
    r"visual)is(e|ed|es|er|ers|ing|able|ation|ations)": r"\1iz\2",
    r"(anal|paral)ys(e|ed|er|ers|ing)": r"\1yz\2",
    r"(cent|fib|lit|met)re(s|d)?": r"\1er\2",
    r"(def|lic|off)ence(s|d)?": r"\1ense\2",
    r"(lab|lev|mod|trav)ell(ed|ing|er|ers)": r"\1el\2",
    r"grey(ish|scale)?": r"gray\1",
    r"artefact(s)?": r"artifact\1",
    r"programme(s)?": r"program\1",
    r"whilst": r"while",
}
UNFINISHED = ("TODO", "FIXME", "XXX")
REGISTRIES = (
    r"(?:test\.)?pypi\.(?:org|python\.org)",
    r"files\.pythonhosted\.org",
    r"registry\.(?:npmjs|yarnpkg)\.[a-z]+",
    r"conda\.anaconda\.org",
    r"https?://[^\s\"'<>]+/simple\b",
    r"--(?:extra-)?index-url",
)
#: Keeps its lists of words, and so cannot be free of them.
SELF = "tools/check_sources.py"
#: Files with words of others: titles as they were printed, legal texts, package names.
QUOTED = re.compile(r"LICENSE.*|.*\.bib|requirements\.lock")
#: Folders that hold anything: a path may name them.
COMMON_FOLDERS = {"/", "/home", "/mnt", "/opt", "/srv", "/tmp", "/usr", "/usr/src", "/var/tmp"}


@dataclass(frozen=True, order=True)
class Problem:
    """Something to mend, and where."""

    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Element:
    """A piece of a page: a heading, a directive, a role, an equation.

    Args:
        line: Where it starts, counted from 1.
        kind: Its directive's or role's name; otherwise the name of the parser's token.
        text: The argument of a directive, the content of a role, the text of a heading,
            the label of an equation.
        depth: 0 for what stands directly on the page, 1 inside a directive, and so on.
        content: What a directive holds.
    """

    line: int
    kind: str
    text: str = ""
    depth: int = 0
    content: str = ""


class Page:
    """A page of the book, parsed.

    Args:
        root: Folder of the book.
        name: Name of the page in `_toc.yml`, such as `"chapters/16-vae"`.
    """

    def __init__(self, root, name):
        self.name = name
        self.path = f"{name}.md"
        text = (root / self.path).read_text("utf-8")
        self.elements = list(_elements(text, first_line=1, depth=0))

    def of_kind(self, *kinds):
        """Return the elements of these kinds, however deep."""
        return [element for element in self.elements if element.kind in kinds]

    def problem(self, line, message):
        """Return a problem of this page."""
        return Problem(self.path, line, message)


@functools.cache
def _parser():
    """Return Markdown-it with the syntax that `_config.yml` switches on."""
    parser = MarkdownIt("commonmark").enable("table")
    for plugin in (front_matter_plugin, myst_block_plugin, myst_role_plugin, footnote_plugin):
        parser.use(plugin)
    parser.use(dollarmath_plugin, allow_labels=True, double_inline=True)
    return parser.use(colon_fence_plugin).use(amsmath_plugin).use(deflist_plugin)


def _elements(text, first_line, depth):
    """Yield the elements of some Markdown, and of the directives in it."""
    tokens = _parser().parse(text)
    followers = [*tokens[1:], Token("", "", 0)][: len(tokens)]  # no tokens, no followers
    for token, following in zip(tokens, followers, strict=True):
        line = first_line + (token.map[0] if token.map else 0)
        directive = token.type.endswith("fence") and re.match(r"{(\S+)} *(.*)", token.info.strip())
        if directive:
            name, argument = directive.groups()
            yield Element(line, name, argument, depth, token.content)
            if name not in VERBATIM:
                options, content = _split_options(token.content)
                yield from _elements(content, line + 1 + options.count("\n"), depth + 1)
        elif token.type == "heading_open":
            yield Element(line, token.tag, following.content, depth)
        elif token.type == "math_block_label":
            yield Element(line, "equation", token.info, depth)
        elif token.type in ("front_matter", "myst_target"):
            yield Element(line, token.type, token.content, depth)
        for child in token.children or ():
            if child.type == "myst_role":
                yield Element(line, child.meta["name"], child.content, depth)
            line += child.type in ("softbreak", "hardbreak") or child.content.count("\n")


def _split_options(content):
    """Split a directive's content into the options on top and the rest, both as text."""
    if content.startswith("---"):
        options = re.match(r"---[^\n]*\n.*?^---[^\n]*(\n|$)", content, re.DOTALL | re.MULTILINE)
    else:
        options = re.match(r"(:[\w-]+:[^\n]*(\n|$))*", content)
    end = options.end() if options else 0
    return content[:end], content[end:]


def _options(content):
    """Return the options that stand on top of a directive's content, as a `dict`."""
    options, _ = _split_options(content)
    if options.startswith("---"):
        return yaml.safe_load("\n".join(options.splitlines()[1:-1])) or {}
    return dict(re.findall(r":([\w-]+): *(.*)", options))


def _target(role_text):
    """Return what a role refers to: `x` for the text `x`, and for `words <x>`."""
    return role_text.rstrip().removesuffix(">").rsplit("<", 1)[-1].strip()


def toc_pages(root):
    """Return the names of the book's pages, in order, as `_toc.yml` has them."""

    def names(entry):
        for key, value in entry.items():
            if key in ("root", "file"):
                yield value.removesuffix(".md")
            elif key in ("parts", "chapters", "sections"):
                for part in value:
                    yield from names(part)

    return list(names(yaml.safe_load((root / "_toc.yml").read_text("utf-8"))))


def read_book(root):
    """Return the book's pages that exist, parsed, in order."""
    return [Page(root, name) for name in toc_pages(root) if (root / f"{name}.md").is_file()]


def repository_files(root):
    """Return the files that are, or could come, into git, as paths relative to `root`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        output = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True)
        names = output.stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # a copy without git
        hidden = re.compile(r"(^|.*/)(\.(?!ci/)|_build/|__pycache__/).*")
        paths = (path.relative_to(root).as_posix() for path in root.rglob("*"))
        names = [name for name in paths if not hidden.match(name)]
    return sorted(name for name in set(names) if name and (root / name).is_file())


def check_notebooks(root):
    """Notebooks have neither outputs nor execution counts."""
    for name in repository_files(root):
        if name.endswith(".ipynb"):
            text = (root / name).read_text("utf-8")
            for number, cell in enumerate(json.loads(text)["cells"], start=1):
                line = _line_of(text, f'"{cell.get("id")}"')
                if cell.get("outputs"):
                    yield Problem(name, line, f"cell {number} has outputs; clear them")
                if cell.get("execution_count") is not None:
                    yield Problem(name, line, f"cell {number} has an execution count; clear it")


def check_toc(root):
    """Every chapter is in the table of contents, and the other way around."""
    listed = toc_pages(root)
    for name in listed:
        line = _line_of((root / "_toc.yml").read_text("utf-8"), name)
        if not (root / f"{name}.md").is_file():
            yield Problem("_toc.yml", line, f"{name}.md does not exist")
        elif name.startswith("chapters/") and not (CHAPTER.match(name) or APPENDIX.match(name)):
            yield Problem("_toc.yml", line, f"{name} is neither NN-name nor appendix-name")
    for name in repository_files(root):
        # chapters/LICENSE.md and the like are no pages
        is_page = re.fullmatch(r"chapters/.*[a-z0-9]\.md", name)
        if is_page and name.removesuffix(".md") not in listed:
            yield Problem(name, 1, "is not in _toc.yml")


def check_skeleton(book):
    """Every chapter has the same parts in the same order."""
    for page in book:
        if CHAPTER.match(page.name):
            yield from _check_front_matter(page)
            yield from _check_parts(page)
            yield from _check_quiz(page)
            yield from _check_exercises(page)


def _check_front_matter(page):
    first = page.elements[0] if page.elements else Element(1, "nothing")
    settings = yaml.safe_load(first.text) if first.kind == "front_matter" else {}
    if settings.get("file_format") != "mystnb":
        yield page.problem(1, "starts without the front matter `file_format: mystnb`")


def _check_parts(page):
    places = {part: [] for part, _ in SKELETON}
    for element in page.elements:
        words = f"{element.kind} {element.text}".replace("myst_target ", "target ").strip()
        for part in places:
            if element.depth == 0 and words.startswith(part):
                places[part].append(element.line)
    latest = 0
    for part, what in SKELETON:
        if not places[part]:
            yield page.problem(1, f"has no {what.removeprefix('a ').removeprefix('an ')}")
        elif len(places[part]) > 1:
            yield page.problem(places[part][1], f"has {what} a second time")
        elif places[part][0] < latest:
            yield page.problem(places[part][0], f"has {what} too late or too early")
        else:
            latest = places[part][0]


def _headings_with_dropdowns(page, section):
    """Return each `###` heading of a section, as a list with the dropdowns below it."""
    groups, current = [], None
    for element in page.elements:
        if element.kind == "h2" and element.depth == 0:
            current = element.text
        elif current == section and element.depth == 0:
            if element.kind == "h3":
                groups.append([element])
            elif element.kind == "dropdown" and groups:
                groups[-1].append(element)
    return groups


def _check_dropdowns(page, section, noun):
    """Check that headings are numbered, and that what can be opened is closed at first."""
    groups = _headings_with_dropdowns(page, section)
    for number, (heading, *dropdowns) in enumerate(groups, start=1):
        if not re.fullmatch(rf"{noun} {number}: \S.*", heading.text):
            yield page.problem(heading.line, f"write `### {noun} {number}: ...`")
        for dropdown in dropdowns:
            if "open" in _options(dropdown.content):
                yield page.problem(dropdown.line, "a dropdown is closed at first: drop `:open:`")
    if len(groups) not in (2, 3):
        yield page.problem(1, f"needs two or three {noun.lower()}s, has {len(groups)}")


def _check_quiz(page):
    """Check that a question has answers to open, one of them right."""
    yield from _check_dropdowns(page, "Check yourself", "Question")
    for heading, *answers in _headings_with_dropdowns(page, "Check yourself"):
        verdicts = []
        for answer in answers:
            verdict = re.match(r"(Right|No)\. \S", _split_options(answer.content)[1].strip())
            if verdict:
                verdicts.append(verdict.group(1))
            else:
                yield page.problem(answer.line, "an answer starts with `Right.` or `No.`, and why")
        if len(answers) < 3 or (len(verdicts) == len(answers) and verdicts.count("Right") != 1):
            message = "a question needs three or more `{dropdown}` answers, one of them right"
            yield page.problem(heading.line, message)


def _check_exercises(page):
    """Check that an exercise has one solution to open."""
    yield from _check_dropdowns(page, "Exercises", "Exercise")
    for heading, *solutions in _headings_with_dropdowns(page, "Exercises"):
        if [solution.text for solution in solutions] != ["Solution"]:
            found = ", ".join(repr(solution.text) for solution in solutions) or "none"
            message = f"an exercise needs one `{{dropdown}} Solution`, has {found}"
            yield page.problem(heading.line, message)


def check_figures(book):
    """Figures have a short caption, a name, a reference and a text alternative."""
    for page in book:
        references = {_target(role.text) for role in page.of_kind("numref")}
        for cell in page.of_kind("code-cell"):
            settings = _options(cell.content).get("mystnb", {})
            if "figure" in settings:
                for message in _figure_problems(settings, references):
                    yield page.problem(cell.line, message)


def _figure_problems(settings, references):
    caption = str(settings["figure"].get("caption", ""))
    name = str(settings["figure"].get("name", ""))
    alt = str(settings.get("image", {}).get("alt", ""))
    if not 1 <= len(caption.split()) <= MAX_CAPTION_WORDS:
        yield f"the caption needs one to {MAX_CAPTION_WORDS} words: {caption!r}"
    if not re.fullmatch(r"fig-[a-z0-9-]+", name):
        yield f"the figure's name must start with `fig-`: {name!r}"
    elif name not in references:
        yield f"no {{numref}}`{name}` on this page refers to the figure"
    if len(alt.strip()) < MIN_ALT_CHARACTERS:
        yield f"`image: alt:` needs {MIN_ALT_CHARACTERS} characters or more: {alt!r}"


def equations(book):
    """Return `(label, page, line)` of every labeled equation."""
    found = []
    for page in book:
        for element in page.of_kind("equation", "math"):
            label = element.text
            if element.kind == "math":  # the directive
                label = _options(element.content).get("label")
            if label:
                found.append((label, page, element.line))
    return found


def check_equations(book):
    """Equation labels start with `eq-`, are unique, and are referred to."""
    references = {_target(role.text) for page in book for role in page.of_kind("eq")}
    places = {}
    for label, page, line in equations(book):
        if not re.fullmatch(r"eq-[a-z0-9-]+", label):
            yield page.problem(line, f"the equation's label must start with `eq-`: {label!r}")
        elif label not in references:
            yield page.problem(line, f"no {{eq}}`{label}` refers to the equation")
        if label in places:
            yield page.problem(line, f"the label {label!r} is taken, in {places[label]}")
        places.setdefault(label, f"{page.path}:{line}")


def check_citations(root, book):
    """Every citation has its entry in `references.bib`, and the other way around."""
    path = root / "references.bib"
    entries = set(pybtex.database.parse_file(str(path)).entries)
    cited = set()
    for page in book:
        for role in page.elements:
            if re.match(r"(foot)?cite\b", role.kind):
                for key in (key.strip() for key in role.text.split(",")):
                    cited.add(key)
                    if key not in entries:
                        yield page.problem(role.line, f"{key!r} is not in references.bib")
    for key in sorted(entries - cited):
        yield Problem(path.name, _line_of(path.read_text("utf-8"), key), f"{key!r} is never cited")


def check_files(root):
    """Files are small, and free of this machine's paths, loose ends and British spelling."""
    for name in repository_files(root):
        content = (root / name).read_bytes()
        if len(content) > SIZE_LIMIT:
            size = f"{len(content) / 1000:.0f} kB"
            yield Problem(name, 1, f"is larger than {SIZE_LIMIT // 1000} kB: {size}")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if name.endswith(".ipynb"):  # so that no word seems to begin with the n of a \n
            text = text.replace("\\n", "  ")
        if name != SELF:
            yield from _check_text(root, name, text)


def _check_text(root, name, text):
    for what, pattern, advice in _patterns(root, quoted=QUOTED.fullmatch(name.split("/")[-1])):
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Problem(name, line, f"{what}: {match.group()!r}; {match.expand(advice)}")


def _patterns(root, quoted):
    """Yield what a text must not have: its name, the pattern, and what to do about it."""
    root = root.resolve()
    for folder in sorted({str(root), str(root.parent), os.path.expanduser("~")} - COMMON_FOLDERS):
        pattern = re.compile(rf"(?<![\w.~/-]){re.escape(folder)}(?![\w-])")
        yield "a path of this machine", pattern, "write a relative one"
    for word in UNFINISHED:
        yield "a loose end", re.compile(rf"\b{word}\b"), "do it, or open an issue"
    for pattern in REGISTRIES:
        yield "a package registry", re.compile(pattern), "pip knows where to look"
    for pattern, american in () if quoted else BRITISH.items():
        # Names of other libraries, such as TeX's \centre, are theirs to spell; one loader of
        # the course answers to both spellings of its name.
        whole = re.compile(rf"(?<![A-Za-z\\])(?<!\bload_)(?i:{pattern})(?![A-Za-z])")
        yield "spelling", whole, f"write `{american}`"


def _line_of(text, part):
    """Return the line in which `part` first occurs, or 1."""
    return text[: max(text.find(part), 0)].count("\n") + 1


def check(root=ROOT):
    """Return all problems of the repository at `root`, sorted."""
    book = read_book(root)
    return sorted(
        [
            *check_notebooks(root),
            *check_toc(root),
            *check_skeleton(book),
            *check_figures(book),
            *check_equations(book),
            *check_citations(root, book),
            *check_files(root),
        ]
    )


def main():
    """Print the problems and return the exit status."""
    problems = check()
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
