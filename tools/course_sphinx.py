"""Sphinx extension of the book: fresh results, pictures for light and dark, no network."""

import concurrent.futures
import html
import importlib.util
import json
import logging
import pathlib
import re
import shutil

from book_inputs import results_key
from docutils import nodes
from jupyter_cache import get_cache
from myst_nb.core.execute import create_client
from myst_nb.core.read import create_nb_reader
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform

from course_lib import plotting
from course_lib._environment import available_cores

#: Written into the output folder: the seconds that each page took to execute.
TIMES_FILE = "page-times.json"


class InlineFigures(SphinxPostTransform):
    """Puts Matplotlib's SVG pictures into the page, where its colors and fonts apply.

    A picture in an `<img>` cannot know whether the page is dark. Inside the page its ink is
    the text's color, and its paper is transparent.
    """

    default_priority = 200
    formats = ("html",)

    def run(self, **kwargs):
        """Replace every picture that Matplotlib drew for this page."""
        for count, image in enumerate(list(self.document.findall(nodes.image))):
            path = pathlib.Path(self.env.srcdir, image["uri"])
            if path.suffix == ".svg" and plotting.PAPER in (svg := path.read_text("utf-8")):
                element = inline_svg(svg, alt=image["alt"], prefix=f"p{count}-")
                image.replace_self(nodes.raw("", element, format="html"))


def inline_svg(svg, alt, prefix):
    """Turn the text of Matplotlib's SVG file into an element of an HTML page.

    Args:
        svg: Text of the file.
        alt: Alternative text.
        prefix: Makes the picture's ids unique in its page.

    Returns:
        An `<svg>` element as a `str`. It is as wide as drawn, or as the page if that is less.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = svg.replace(plotting.INK, "currentColor").replace(plotting.PAPER, "none")
    svg = svg.replace(f'id="{plotting.PIXELS_ID}"', 'class="pixels"')
    svg = re.sub(r'(?<=[ \n])id="', f'id="{prefix}', svg)
    svg = re.sub(r'href="#', f'href="#{prefix}', svg)
    svg = svg.replace("url(#", f"url(#{prefix}")
    opening, rest = svg.split(">", 1)
    points = float(re.search(r' width="([\d.]+)pt"', opening).group(1))
    opening = re.sub(r' (width|height)="[\d.]+pt"', "", opening)
    attributes = f'class="course-figure" style="width: {points * 4 / 3:.0f}px" role="img"'
    return (
        opening.replace("<svg", f'<svg {attributes} aria-label="{html.escape(alt)}"') + ">" + rest
    )


def use_results_of_this_package(app, config):
    """Execute into, and read from, the cache of exactly this package, lock and edition."""
    config.course_results_key = results_key()
    config.course_toc = pathlib.Path(app.srcdir, "_toc.yml").read_text("utf-8")
    config.nb_execution_cache_path = str(
        pathlib.Path(app.outdir).parent / ".jupyter_cache" / config.course_results_key
    )


class Silent(logging.LoggerAdapter):
    """Takes what MyST-NB says of an execution, and passes nothing on.

    A page that fails is executed once more when it is read, and reported then.
    """

    def __init__(self):
        super().__init__(logging.getLogger("course_sphinx.silent"), {})

    def log(self, level, msg, *args, **kwargs):
        """Drop the message, whatever goes with it."""


def execute_side_by_side(app, env, docnames):
    """Execute the pages that have no result yet, as many at once as there are cores.

    Sphinx reads one page after the other, and would execute it then. After this, it finds
    the results in the cache.
    """
    get_cache(env.mystnb_config.execution_cache_path).list_cache_records()  # made once, before

    def execute(docname):
        path = env.doc2path(docname)
        text = pathlib.Path(path).read_text("utf-8")
        reader = create_nb_reader(path, env.myst_config, env.mystnb_config, text)
        if reader is None:
            return
        notebook = reader.read(text)
        # Made to be entered: executes, or finds the result in the cache.
        with create_client(notebook, path, env.mystnb_config, Silent(), reader.read_fmt):
            pass

    with concurrent.futures.ThreadPoolExecutor(available_cores()) as pool:
        list(pool.map(execute, docnames))


def require_alternative_text(app, env):
    """Fail if a picture has no alternative text."""
    for docname in env.all_docs:
        for image in env.get_doctree(docname).findall(nodes.image):
            if not image.get("alt"):
                raise ExtensionError(f"{docname}: {image['uri']} has no alternative text")


def serve_mathjax(app, exception):
    """Copy MathJax and its fonts next to the pages, so that equations need no network."""
    if exception is not None:
        return
    package = pathlib.Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent
    source, target = package / "static" / "mathjax", pathlib.Path(app.outdir, "_static", "mathjax")
    fonts = "output/chtml/fonts/woff-v2"
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source / "tex-chtml-full.js", target)
    shutil.copytree(source / fonts, target / fonts, dirs_exist_ok=True)


def write_page_times(app, exception):
    """Record how long each page took to execute, for the build's report."""
    if exception is not None:
        return
    runs = {name: NbMetadataCollector.get_exec_data(app.env, name) for name in app.env.all_docs}
    times = {name: run["runtime"] for name, run in sorted(runs.items()) if run and run["runtime"]}
    pathlib.Path(app.outdir, TIMES_FILE).write_text(json.dumps(times, indent=1))


def setup(app):
    """Register the extension's parts with Sphinx."""
    # "env": when the key changes, every page is read, and so executed or looked up, anew.
    app.add_config_value("course_results_key", "", "env", [str])
    app.add_config_value("course_toc", "", "env", [str])  # every page shows it
    app.connect("config-inited", use_results_of_this_package)
    app.connect("env-before-read-docs", execute_side_by_side)
    app.add_post_transform(InlineFigures)
    app.connect("env-check-consistency", require_alternative_text)
    app.connect("build-finished", serve_mathjax)
    app.connect("build-finished", write_page_times)
    app.config.mathjax_path = "mathjax/tex-chtml-full.js"
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
