"""The appendices: nothing that they promise to list is missing."""

import pathlib
import re

import check_sources
import pytest

ROOT = pathlib.Path(__file__).parents[2]
CHAPTERS = [page for page in check_sources.toc_pages(ROOT) if check_sources.CHAPTER.match(page)]
MISCONCEPTIONS = (ROOT / "chapters" / "appendix-misconceptions.md").read_text("utf-8")

#: Labels of entries that the index must have. These confusions come up again and again where
#: people ask about code for autoencoders; whoever has one should find it here.
KEYS = [
    "mis-sum-or-mean",
    "mis-weight-on-kl",
    "mis-collapse",
    "mis-log-var",
    "mis-scaled-noise",
    "mis-gray-pixels",
    "mis-negative-loss",
    "mis-sign",
    "mis-three-distributions",
    "mis-blurry",
    "mis-zeros-as-ratings",
    "mis-autoencoder-is-pca",
    "mis-low-error",
    "mis-held-out",
    "mis-fixed-threshold",
]

#: A link into a section of a chapter, as `[](16-vae.md#common-slips)`.
LINK = re.compile(r"\[\]\((\d\d-[a-z0-9-]+)\.md#([a-z0-9-]+)\)")


def entries():
    """Return the entries of the index: label (or ""), belief, and what is said to it."""
    pattern = r"(?:\(([a-z-]+)\)=\n)?^(\".*)\n((?:: .*\n(?:  .*\n)*)+)"
    return re.findall(pattern, MISCONCEPTIONS, re.MULTILINE)


def test_every_known_confusion_is_an_entry():
    labels = [label for label, _, _ in entries()]
    assert set(KEYS) <= set(labels)
    assert len(set(labels) - {""}) == len([label for label in labels if label])


def test_every_belief_is_an_entry():
    # A line in quotation marks that the pattern does not take for an entry would escape the rest.
    assert len(entries()) == len(re.findall(r'^"', MISCONCEPTIONS, re.MULTILINE)) > 50


@pytest.mark.parametrize(("label", "belief", "answer"), entries())
def test_an_entry_says_what_is_true_and_where(label, belief, answer):
    says, *signs, see = re.split(r"^: ", answer, flags=re.MULTILINE)[1:]
    assert len(says.split()) > 4
    assert all(sign.startswith("*In your run:* ") for sign in signs)
    assert see.startswith("See ")
    assert LINK.search(see)


def test_links_name_the_chapter_that_they_lead_to():
    for number, page, _ in re.findall(r"(\d+):\s+" + LINK.pattern, MISCONCEPTIONS):
        assert int(number) == int(page[:2])
    assert len(re.findall(r"\d+:\s+\[\]", MISCONCEPTIONS)) == len(LINK.findall(MISCONCEPTIONS))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_s_slips_are_in_the_index(chapter):
    targets = {f"chapters/{page}" for page, _ in LINK.findall(MISCONCEPTIONS)}
    assert chapter in targets


def test_signs_lead_to_entries():
    labels = {label for label, _, _ in entries()}
    signs = re.findall(r"\]\(#([a-z-]+)\)", MISCONCEPTIONS)
    assert len(signs) > 10
    assert set(signs) <= labels
