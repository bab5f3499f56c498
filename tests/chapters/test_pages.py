"""The finished pages: what is in them, and what a reader's browser makes of them."""

import functools
import pathlib
import re
import shutil
import urllib.parse

import check_sources
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).parents[2]
CHAPTERS = check_sources.toc_pages(ROOT)
NUMBERED = [page for page in CHAPTERS if check_sources.CHAPTER.match(page)]
PAGES = [*CHAPTERS, "search", "genindex"]

#: Attributes from which a browser loads something without being asked to.
LOADING = {
    "script": ["src"],
    "link": ["href"],
    "img": ["src", "srcset"],
    "source": ["src", "srcset"],
    "iframe": ["src"],
    "embed": ["src"],
    "object": ["data"],
    "video": ["src", "poster"],
    "audio": ["src"],
    "track": ["src"],
    "input": ["src"],
    "image": ["href", "xlink:href"],
    "use": ["href", "xlink:href"],
}
CSS_ADDRESS = re.compile(r"(?:url\(|@import(?!\s*url))\s*[\"']?([^\"')\s;]+)")
#: An address in a script; XML's and SVG's names of themselves are none.
SCRIPT_ADDRESS = re.compile(r"https?://(?!www\.w3\.org/)[^\s\"'<>]+")


@functools.cache
def parsed(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def page_file(html, page):
    path = html / f"{page}.html"
    assert path.is_file(), "run make book first"
    return path


def article(html, page):
    (element,) = parsed(page_file(html, page)).select("article.bd-article")
    return element


def is_elsewhere(address):
    parts = urllib.parse.urlsplit(address)
    return bool(parts.netloc) or parts.scheme in ("http", "https", "ftp", "ws", "wss")


def foreign_addresses(soup):
    """Return the addresses on other hosts from which a page loads something."""
    addresses = []
    for name, attributes in LOADING.items():
        for element in soup.find_all(name):
            values = (element.get(attribute) or "" for attribute in attributes)
            addresses += [part for value in values for part in value.split()]
    for style in [*soup.find_all("style"), *soup.find_all(style=True)]:
        addresses += CSS_ADDRESS.findall(style.get("style") or style.string or "")
    foreign = [address for address in addresses if is_elsewhere(address)]
    for script in soup.find_all("script", src=False):
        foreign += SCRIPT_ADDRESS.findall(script.string or "")
    return foreign


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_loaded_from_another_host(html, page):
    assert foreign_addresses(parsed(page_file(html, page))) == []


def test_style_sheets_load_nothing_from_another_host(html):
    sheets = list(html.rglob("*.css"))
    assert len(sheets) > 5
    for sheet in sheets:
        addresses = CSS_ADDRESS.findall(sheet.read_text("utf-8"))
        assert [address for address in addresses if is_elsewhere(address)] == [], sheet.name


@pytest.mark.parametrize(
    ("markup", "address"),
    [
        ('<script src="https://a.example/x.js"></script>', "https://a.example/x.js"),
        ('<link rel="preload" href="//a.example/x.woff">', "//a.example/x.woff"),
        ('<img src="http://a.example/x.png">', "http://a.example/x.png"),
        ("<p style=\"background: url('https://a.example/x')\">", "https://a.example/x"),
        ("<style>@import 'https://a.example/x.css';</style>", "https://a.example/x.css"),
        ("<style>@import url(https://a.example/y.css);</style>", "https://a.example/y.css"),
        ('<script>s.src = "https://a.example/x.js"</script>', "https://a.example/x.js"),
        ('<svg><image xlink:href="https://a.example/x"/></svg>', "https://a.example/x"),
        ('<a href="https://a.example/">read</a><img src="data:image/png;base64,AA">', None),
    ],
)
def test_the_search_for_addresses_finds_them(markup, address):
    assert foreign_addresses(BeautifulSoup(markup, "html.parser")) == ([address] if address else [])


@pytest.mark.parametrize("page", [*PAGES, "index"])
def test_internal_links_lead_somewhere(html, page):
    file = page_file(html, page)
    broken = []
    for link in parsed(file).select("a[href]"):
        parts = urllib.parse.urlsplit(link["href"])
        if parts.scheme or parts.netloc:
            continue
        target = (file.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else file
        anchor = urllib.parse.unquote(parts.fragment)
        is_there = target.is_file() and html in target.parents
        if not is_there or (anchor and parsed(target).find(id=anchor) is None):
            broken.append(link["href"])
    assert broken == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_figure_has_number_caption_and_text_alternative(html, page):
    for figure in article(html, page).find_all("figure"):
        graphics = figure.select("svg, img")
        assert len(graphics) == 1, figure.get("id")
        # The first page has no number, and so no number in front of its figures'.
        number = r"Fig\. \d+" if page == "intro" else r"Fig\. \d+\.\d+"
        assert re.fullmatch(number, figure.select_one(".caption-number").text.strip())
        assert figure.select_one(".caption-text").text.strip()
        assert figure.get("id", "").startswith("fig-")
    for graphic in article(html, page).select("svg.course-figure, .cell_output svg, img"):
        name = (graphic.get("aria-label") or graphic.get("alt") or str(graphic))[:60]
        assert graphic.find_parent("figure"), f"no figure with number and caption: {name}"
        if graphic.name == "svg":
            assert graphic.get("role") == "img", name
            assert graphic.get("aria-label", "").strip(), name
        else:
            assert graphic.get("alt", "").strip(), name


@pytest.mark.parametrize("page", NUMBERED)
def test_a_chapter_has_the_number_of_its_file(html, page):
    heading = article(html, page).find("h1").text
    assert int(heading.split(".")[0]) == int(page.removeprefix("chapters/").split("-")[0])


def test_the_map_of_topics_leads_into_every_chapter(html):
    links = article(html, "chapters/appendix-topics").select("table a[href*='.html#']")
    targets = {f"chapters/{link['href'].split('.html')[0]}" for link in links}
    assert targets == set(NUMBERED)
    assert all(link.text.strip() for link in links)


@pytest.mark.parametrize("page", CHAPTERS)
def test_ids_are_unique(html, page):
    ids = [element["id"] for element in parsed(page_file(html, page)).find_all(id=True)]
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("page", PAGES)
def test_one_main_heading(html, page):
    headings = parsed(page_file(html, page)).find_all("h1")
    # The theme repeats it, for print only.
    on_screen = [heading for heading in headings if not heading.find_parent(class_="onlyprint")]
    assert len(on_screen) == 1


@pytest.mark.parametrize("page", CHAPTERS)
def test_no_residue_of_the_run(html, page):
    assert article(html, page).select(".stderr, .traceback, .output.error") == []
    soup = BeautifulSoup(str(article(html, page)), "html.parser")
    # A page may show a loss that is not a number on purpose; then its text says `nan`, too.
    is_meant = any(code.text == "nan" for code in soup.select("p code, li code"))
    is_meant = is_meant or page.startswith("chapters/appendix-api")  # what functions do with NaN
    for code in soup.select(".cell_input, :not(.cell_output) > .highlight, code, svg"):
        code.extract()
    text = soup.get_text(" ")
    assert is_meant or re.findall(r".{0,40}\bnan\b.{0,40}", text, re.IGNORECASE) == []
    assert re.findall(r".{0,40}\{[a-z:-]+\}`.{0,40}", text) == []  # a role that was not read
    assert re.findall(r".{0,40}\$\$.{0,40}", text) == []


# --- In a browser -----------------------------------------------------------------------------

LAUNCH_OPTIONS = [
    "--no-sandbox",  # it renders our own files; inside a container there is no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Width and height in CSS pixels: a phone and a laptop.
SCREENS = {"360": (360, 740), "1280": (1280, 900)}

#: How a page is looked at, and which of axe's rules apply. Most of axe's time goes into contrast:
#: that depends on the theme, everything else on the screen, so three of four views tell all.
CONTRAST = ["color-contrast"]
VIEWS = {
    ("light", "360"): {"rules": {rule: {"enabled": False} for rule in CONTRAST}},
    ("light", "1280"): {},
    ("dark", "1280"): {"runOnly": {"type": "rule", "values": CONTRAST}},
}

#: Solutions and hidden cells must be fit to be seen, too.
OPEN_ALL = "document.querySelectorAll('details').forEach(element => { element.open = true; })"

#: A picture is one graphic with one name, an equation has the color of the text around it. What
#: axe would find in their thousands of parts takes it long to see.
EMPTY_PICTURES_AND_EQUATIONS = """document.querySelectorAll('svg.course-figure, mjx-container')
    .forEach(element => element.replaceChildren())"""

#: A program has thousands of words in a few colors. One word of each class will do.
ONE_WORD_OF_EACH_CLASS = """() => {
    const seen = new Set();
    for (const word of document.querySelectorAll('.highlight span[class]')) {
        if (word.children.length || word.attributes.length > 1) continue;
        const around = word.closest('.cell_input, .cell_output, .highlight');
        const kind = [word, word.parentElement, around].map(part => part.className).join();
        if (seen.has(kind)) word.replaceWith(word.textContent);
        seen.add(kind);
    }
}"""

EQUATIONS = """async () => {
    const nodes = [...document.querySelectorAll('.math')];
    if (nodes.length) await MathJax.startup?.promise.catch(error => null);  // told by the console
    const error = 'mjx-merror, [data-mjx-error], [style*="color: red"]';  // red: unknown macros
    const bad = nodes.filter(node =>
        node.querySelectorAll('mjx-container').length != 1 || node.querySelector(error));
    const stray = document.querySelectorAll('mjx-container').length - nodes.length;
    const items = [...(window.MathJax?.startup?.document.math ?? [])];
    const item = node => items.find(item => node.contains(item.typesetRoot));
    return {bad: bad.map(node => item(node)?.math.trim() ?? node.textContent), stray};
}"""

TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth;
    const faults = [];
    const overflow = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
    if (overflow > width) faults.push(`the page scrolls sideways: ${overflow} px`);
    for (const graphic of document.querySelectorAll('article figure svg, article figure img')) {
        const box = graphic.getBoundingClientRect();
        if (box.left < -0.5 || box.right > width + 0.5 || box.width < 100)
            faults.push(`${graphic.closest('figure').id}: ${box.left} to ${box.right} px`);
    }
    return faults;
}"""


# Not for the session: while Playwright runs, no other test could start an event loop.
@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "google-chrome", "chromium-browser")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip(f"none of these browsers is on the path: {', '.join(names)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=LAUNCH_OPTIONS)
        yield browser
        browser.close()


def accessibility_faults(tab, rules):
    """Return what axe finds wrong with the page, the theme's own parts included."""
    options = {
        "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa"]},
        "resultTypes": ["violations"],
        "preload": False,  # would fetch the style sheets once more, which file:// forbids
        **rules,
    }
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in Axe().run(tab, options=options).response["violations"]
        for node in violation["nodes"]
    ]


@pytest.fixture
def tab(browser):
    """A new tab that is offline, and its list of complaints about the pages in it."""
    context = browser.new_context(offline=True, reduced_motion="reduce")  # no color half way
    tab, faults = context.new_page(), []

    def check_request(request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            faults.append(f"asked for: {request.url}")

    def check_message(message):
        if message.type == "error":
            faults.append(f"console: {message.text}")

    tab.on("request", check_request)
    tab.on("requestfailed", lambda request: faults.append(f"not loaded: {request.url}"))
    tab.on("console", check_message)
    tab.on("pageerror", lambda error: faults.append(f"script: {error}"))
    yield tab, faults
    context.close()


def look(tab, theme, screen):
    """Show the page in a theme and on a screen, as if the reader changed the system's setting."""
    width, height = SCREENS[screen]
    tab.set_viewport_size({"width": width, "height": height})
    tab.emulate_media(color_scheme=theme)
    tab.wait_for_function("theme => document.documentElement.dataset.theme == theme", arg=theme)
    # The theme makes what scrolls sideways reachable by keyboard, 300 ms after the last change.
    tab.evaluate("new Promise(done => setTimeout(done, 400))")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_page_in_a_browser_without_network(html, tab, page):
    tab, faults = tab
    tab.goto(page_file(html, page).as_uri())
    equations = tab.evaluate(EQUATIONS)
    faults += [f"not an equation: {text}" for text in equations["bad"]]
    if equations["stray"] > 0:
        faults.append(f"equations outside of math: {equations['stray']}")
    tab.evaluate(OPEN_ALL)
    for screen in SCREENS:
        look(tab, "light", screen)
        faults += [f"{screen}: {fault}" for fault in tab.evaluate(TOO_WIDE)]
    tab.evaluate(EMPTY_PICTURES_AND_EQUATIONS)
    tab.evaluate(ONE_WORD_OF_EACH_CLASS)
    for (theme, screen), rules in VIEWS.items():
        look(tab, theme, screen)
        faults += [f"{theme}, {screen}: {fault}" for fault in accessibility_faults(tab, rules)]
    assert not faults, "\n".join(faults)
