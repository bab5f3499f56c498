import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).parents[1]

PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = {
    "Linux on x86_64": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "Linux on arm64": {"sys_platform": "linux", "platform_machine": "aarch64"},
    "macOS on arm64": {"sys_platform": "darwin", "platform_machine": "arm64"},
}
SYSTEMS = {"linux": "Linux", "darwin": "Darwin"}


def locked():
    """Return the lock's entries: pairs of a requirement and its hashes."""
    text = (ROOT / "requirements.lock").read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        words, *hashes = line.split(" --hash=")
        yield words.strip(), [value.strip() for value in hashes]


@pytest.fixture(params=itertools.product(PYTHONS, PLATFORMS), ids=" ".join)
def selected(request):
    """Versions that the lock's markers select for one Python on one platform, by name."""
    python, platform = request.param
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.5",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "extra": "",
        **PLATFORMS[platform],
    }
    environment["platform_system"] = SYSTEMS[environment["sys_platform"]]
    versions = {}
    for text, _ in locked():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in versions, f"{name} is selected twice"
            (version,) = requirement.specifier
            versions[name] = version.version
    return platform, versions


def direct_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(text) for text in itertools.chain(project["dependencies"], *extras)]


def test_every_entry_is_one_version_with_hashes():
    entries = list(locked())
    assert len(entries) > 100
    for text, hashes in entries:
        requirement = Requirement(text)  # no option, no address, no comment is one
        assert requirement.url is None
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), text
        assert hashes, text
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), text


def test_it_names_no_index():
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "versions"),
    [
        ("jupyter-book", "==1.0.4.post1"),
        ("sphinx-book-theme", "<1.4"),
        ("nbgrader", "==0.9.6"),
    ],
)
def test_fixed_pins(name, versions):
    (entry,) = [text for text, _ in locked() if Requirement(text).name == name]
    (version,) = Requirement(entry).specifier
    assert version.version in SpecifierSet(versions)
    (wanted,) = [requirement for requirement in direct_dependencies() if requirement.name == name]
    assert wanted.specifier == SpecifierSet(versions)


def test_linux_on_x86_64_gets_the_smaller_tensorflow(selected):
    platform, versions = selected
    expected = "tensorflow-cpu" if platform == "Linux on x86_64" else "tensorflow"
    assert {"tensorflow", "tensorflow-cpu"} & set(versions) == {expected}


def test_direct_dependencies_are_locked_at_versions_they_admit(selected):
    _, versions = selected
    # The CPU wheel is the same package under another name: see pyproject.toml.
    versions.setdefault("tensorflow", versions.get("tensorflow-cpu"))
    for requirement in direct_dependencies():
        version = versions[canonicalize_name(requirement.name)]
        assert version in requirement.specifier, f"{requirement} is locked at {version}"


@pytest.fixture
def checkout(tmp_path):
    """What `make` needs before there is a `.venv`, and an empty folder of programs."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "bin").mkdir()
    return tmp_path


def install_python(checkout, version):
    """Put a `python3` of that version on the path: this one, which has been told to lie."""
    numbers = version.replace(".", ", ")
    lie = f"import sys; sys.version_info = ({numbers}); exec(sys.argv[1])"
    script = f"""#!/bin/sh
case "$1" in
  --version) echo "Python {version}" ;;
  -c) exec {sys.executable} -c '{lie}' "$2" ;;
  *) exit 1 ;;
esac
"""
    (checkout / "bin" / "python3").write_text(script)
    (checkout / "bin" / "python3").chmod(0o755)


def make(checkout, target):
    # A clean environment: `make test` passes its own settings on to the makes below it.
    return subprocess.run(
        [shutil.which("make"), target],
        cwd=checkout,
        env={"PATH": str(checkout / "bin"), "HOME": str(checkout)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("version", ["2.7.18", "3.10.14", "3.14.0", None])
def test_an_unfit_python_is_named_in_one_sentence(checkout, version):
    if version:
        install_python(checkout, version)
    result = make(checkout, "book")
    assert result.returncode != 0
    sentence, advice, *rest = result.stderr.splitlines()
    found = f"Python {version}" if version else "no python3"
    assert sentence == f"This course needs Python 3.11, 3.12 or 3.13, and found: {found}."
    assert advice.startswith("Install one of them, or name it: make PYTHON=")
    assert all(line.startswith("make: ***") for line in rest)
    assert "Traceback" not in result.stderr + result.stdout
    assert not os.path.lexists(checkout / ".venv")


@pytest.mark.parametrize("version", ["3.11.0", "3.12.7", "3.13.2"])
def test_a_fit_python_is_taken(checkout, version):
    install_python(checkout, version)
    result = make(checkout, "book")  # goes on to make .venv, which this python cannot
    assert f"Making .venv with Python {version}" in result.stdout
    assert "This course needs" not in result.stderr


def test_help_needs_no_environment(checkout):
    for name in ("sed", "awk"):
        (checkout / "bin" / name).symlink_to(shutil.which(name))
    result = make(checkout, "help")
    assert result.returncode == 0
    assert re.search(r"^ +book +build the book", result.stdout, re.MULTILINE)
    assert not os.path.lexists(checkout / ".venv")
