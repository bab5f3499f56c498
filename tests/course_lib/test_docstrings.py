"""Every public name is documented, and documents the arguments that it has."""

import importlib
import inspect
import pkgutil
import re

import pytest

import course_lib

MODULES = [
    "course_lib",
    *sorted(info.name for info in pkgutil.walk_packages(course_lib.__path__, "course_lib.")),
]


def is_public(name):
    return not name.startswith("_")


def public_members():
    """Yield `(path, object)` for each public class, function, method and property."""
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name, member in vars(module).items():
            if not is_public(name) or getattr(member, "__module__", None) != module_name:
                continue
            if inspect.isclass(member) or inspect.isfunction(member):
                yield f"{module_name}.{name}", member
            if inspect.isclass(member):
                for attribute in vars(member):
                    value = inspect.getattr_static(member, attribute)
                    if is_public(attribute) and isinstance(
                        value, (property, classmethod, staticmethod)
                    ) | inspect.isfunction(value):
                        yield f"{module_name}.{name}.{attribute}", getattr(member, attribute)


MEMBERS = dict(public_members())


def documented(docstring, section="Args"):
    """Return the names that a section of a Google-style docstring lists."""
    match = re.search(rf"^{section}:\n((?:[ ]+.*\n|\n)+)", docstring + "\n", re.MULTILINE)
    return re.findall(r"^ {4}(\*{0,2}\w+):", match[1], re.MULTILINE) if match else []


#: The public names whose own docstring lists arguments.
DOCUMENTED = {
    path: names
    for path, member in MEMBERS.items()
    if (names := documented(inspect.cleandoc(member.__doc__ or "")))
}


def test_the_search_finds_what_there_is():
    assert "course_lib.data.files.RemoteFile.read" in MEMBERS
    assert "course_lib.vae.VAE.latent_dim" in MEMBERS
    assert "course_lib.vae.VAE.dense" in MEMBERS
    assert "course_lib._environment" in MODULES
    assert DOCUMENTED["course_lib.ngram.NgramModel.prob"] == ["word", "context"]


@pytest.mark.parametrize("name", MODULES)
def test_module_has_a_docstring(name):
    assert inspect.getdoc(importlib.import_module(name))


def overrides_another_library(path):
    """Whether a method does what a base class outside the package says, as `call` does."""
    owner = MEMBERS.get(path.rpartition(".")[0])
    name = path.rpartition(".")[2]
    return inspect.isclass(owner) and any(
        name in vars(base)
        for base in owner.__mro__[1:]
        if not base.__module__.startswith("course_lib")
    )


@pytest.mark.parametrize("path", MEMBERS)
def test_public_name_has_a_docstring(path):
    # getdoc finds the docstring that an overriding method inherits. Some methods of Keras, such
    # as `build`, have none to inherit; a class documents its `call` itself.
    if path.endswith(".call"):
        class_docstring = inspect.getdoc(MEMBERS[path.removesuffix(".call")])
        assert documented(class_docstring, "Call arguments")
    else:
        assert inspect.getdoc(MEMBERS[path]) or overrides_another_library(path)


@pytest.mark.parametrize("path", DOCUMENTED)
def test_documented_arguments_are_those_of_the_signature(path):
    member = MEMBERS[path]
    names = DOCUMENTED[path]
    signature = inspect.signature(member.__init__ if inspect.isclass(member) else member)
    expected = [str(p).split(":")[0].split("=")[0] for p in signature.parameters.values()]
    # Every Keras object has a name: `**kwargs: As for ...` covers it.
    assert names == [name for name in expected if name not in {"self", "name"} or name in names]


@pytest.mark.parametrize("name", MODULES)
def test_exported_names_exist(name):
    module = importlib.import_module(name)
    for exported in getattr(module, "__all__", []):
        assert hasattr(module, exported)
