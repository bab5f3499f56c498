import io
import re
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from course_sphinx import inline_svg

from course_lib import plotting

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"


def saved(figure):
    """The SVG file that a notebook shows."""
    file = io.BytesIO()
    with mpl.rc_context(plotting._STYLE):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue().decode()


@pytest.fixture(scope="module")
def curves():
    # Markers and clip paths: one is used by `<use href>`, the other by `url(#...)`.
    figure = plotting.curves({"a": [1, 2], "b": ([2, 1], np.array([0.1, 0.1]))}, "epoch", "nats")
    figure.axes[0].plot([1, 2], [1, 1], "o")
    return saved(figure)


@pytest.fixture(scope="module")
def pictures():
    return saved(plotting.picture_rows({"in": np.eye(3)[None], "out": np.eye(3)[None]}))


def tree(svg):
    return ElementTree.fromstring(svg)


def ids(svg):
    return [element.get("id") for element in tree(svg).iter() if element.get("id")]


def references(svg):
    text_references = re.findall(r"url\(#([^)]+)\)", svg)
    hrefs = [element.get(HREF, "") for element in tree(svg).iter()]
    return text_references + [href[1:] for href in hrefs if href.startswith("#")]


def test_ink_is_the_color_of_the_text_and_paper_is_transparent(curves):
    assert plotting.INK in curves
    assert plotting.PAPER in curves
    element = inline_svg(curves, alt="A", prefix="p0-")
    assert plotting.INK not in element
    assert plotting.PAPER not in element
    texts = [text for text in tree(element).iter(f"{SVG}text") if text.text == "epoch"]
    assert "fill: currentColor" in texts[0].get("style")
    (ground,) = tree(element).findall(f"{SVG}g/{SVG}g[@id='p0-patch_1']/{SVG}path")
    assert "fill: none" in ground.get("style")
    assert plotting.COLORS[0] in element  # what carries meaning stays


def test_is_one_element_without_a_prolog(curves):
    element = inline_svg(curves, alt="A", prefix="p0-")
    assert element.startswith("<svg ")
    assert element.rstrip().endswith("</svg>")
    assert "<metadata" not in element
    assert tree(element).tag == f"{SVG}svg"


def test_ids_of_two_pictures_differ_and_references_resolve(curves):
    elements = [inline_svg(curves, alt="A", prefix=prefix) for prefix in ("p0-", "p1-")]
    for element in elements:
        own = ids(element)
        assert len(own) == len(set(own))
        assert len(references(element)) >= 2
        assert any(href.startswith("p") for href in references(element))
        assert set(references(element)) <= set(own)
    assert not set(ids(elements[0])) & set(ids(elements[1]))


def test_every_kind_of_reference_is_in_the_picture(curves):
    assert "url(#" in curves
    assert 'xlink:href="#' in curves


def test_alternative_text_is_an_attribute_whatever_it_says(curves):
    alt = 'Less < more & "much" more > it\'s'
    root = tree(inline_svg(curves, alt=alt, prefix="p0-"))
    assert root.get("aria-label") == alt
    assert root.get("role") == "img"


def test_size_is_the_drawn_one_at_most(curves):
    root = tree(inline_svg(curves, alt="A", prefix="p0-"))
    points = float(re.search(r' width="([\d.]+)pt"', curves).group(1))
    # A point is 4/3 of a CSS pixel. Without `height`, the view box keeps the proportions.
    assert root.get("style") == f"width: {points * 4 / 3:.0f}px"
    assert root.get("class") == "course-figure"
    assert root.get("width") is None
    assert root.get("height") is None
    assert root.get("viewBox")


def test_pictures_of_pixels_can_be_inverted(pictures):
    element = inline_svg(pictures, alt="A", prefix="p0-")
    images = list(tree(element).iter(f"{SVG}image"))
    assert [image.get("class") for image in images] == ["pixels", "pixels"]
    assert [image.get("id") for image in images] == [None, None]
    assert all(image.get(HREF).startswith("data:image/png;base64,") for image in images)
