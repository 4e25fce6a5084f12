"""What a submission shows runs nothing, and what we show stays as it is."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import nbgrader.server_extensions.formgrader as formgrader
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import sync_playwright
from traitlets.config import Config, PyFileConfigLoader

from autograder.sandbox.cleaning import clean, plain
from autograder.sandbox.harmless import harmless
from ds101 import Message, Node, Simulation, on
from ds101.checks import broken
from ds101.draw.picture import Picture
from ds101.draw.spacetime import spacetime
from ds101.draw.style import stylesheet

ROOT = Path(__file__).parents[1]
PARTS = Path(formgrader.__file__).parent
TEMPLATES = {
    "extra_template_basedirs": [str(PARTS / "templates")],
    "extra_template_paths": [str(PARTS / "static/node_modules/bootstrap/dist/css")],
}
RUN = "window.ran=(window.ran||'')+'{0},'"

# Each runs RUN in a browser that shows it as it is, or sends something, or leaves its place.
ATTACKS = [
    "<script>{}</script>",
    "<SCRIPT SRC='data:text/javascript,{}'></SCRIPT>",
    "<img src=x onerror=\"{}\">",
    "<svg onload=\"{}\"></svg>",
    "<svg><script>{}</script></svg>",
    "<svg><style>&lt;img src=x onerror=\"{}\"&gt;</style></svg>",
    "<svg><a xlink:href=\"javascript:{}\"><text y=\"20\">link</text></a></svg>",
    "<svg><animate onbegin=\"{}\" attributeName=x dur=1s></animate></svg>",
    "<svg><foreignObject><body onload=\"{}\"></foreignObject></svg>",
    "<svg><use href=\"data:image/svg+xml,<svg id='x'><image href='x' onerror='{}'/></svg>#x\"></svg>",
    "<a href=\"javascript:{}\">link</a>",
    "<a href=\" &#1;java&#9;script:{}\">link</a>",
    "<a href=\"data:text/html,<script>{}</script>\">link</a>",
    "<iframe srcdoc=\"<script>parent.{}</script>\"></iframe>",
    "<iframe src=\"javascript:parent.{}\"></iframe>",
    "<object data=\"data:text/html,<script>parent.{}</script>\"></object>",
    "<embed src=\"javascript:{}\">",
    "<form action=\"javascript:{}\"><button>send</button></form>",
    "<button onclick=\"{}\">click</button>",
    "<input autofocus onfocus=\"{}\">",
    "<details open ontoggle=\"{}\">x</details>",
    "<video><source onerror=\"{}\"></video>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror={}&gt;\">",
    "<math><maction actiontype=\"statusline#\" xlink:href=\"javascript:{}\">link</maction></math>",
    "<noscript><p title=\"</noscript><img src=x onerror={}>\">",
    "<template><script>{}</script></template>",
    "<style>@keyframes x{{}} p{{animation:x}}</style><p onanimationstart=\"{}\">x</p>",
    "<p style=\"animation:x\" onanimationstart=\"{}\">x</p>",
    "<meta http-equiv=refresh content=\"0;url=javascript:{}\">",
    "<base href=\"javascript:{}//\"><a href=\"#\">link</a>",
    "<link rel=stylesheet href=\"data:text/css,body{{}}\" onload=\"{}\">",
    "<p title='<style>SHEET</style>' onmouseover=\"{}\">x</p>",
    "<p title='<style>SHEET</style> onmouseover={} x='>x</p>",
    "<svg><title><style>SHEET</style><img src=x onerror=\"{}\"></title></svg>",
    "<textarea><style>SHEET</style></textarea><img src=x onerror=\"{}\">",
    "<!--<style>SHEET</style>--><img src=x onerror=\"{}\">",
    "<xmp><style>SHEET</style><img src=x onerror=\"{}\"></xmp>",
]  # fmt: skip
WITH_SHEET = [attack.replace("SHEET", stylesheet(in_page=True)) for attack in ATTACKS]
TAGS = re.compile(
    r"<\s*(script|iframe|object|embed|form|input|button|meta|base|link|style|math|template|animate|use)", re.I
)


def attacks() -> list[str]:
    return [attack.replace("{}", RUN.format(n)).replace("{{}}", "{}") for n, attack in enumerate(WITH_SHEET)]


class Parts(HTMLParser):
    """What a piece of HTML is made of, so that two can be compared."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        kept = {name: re.sub(r"\s*([;:])\s*", r"\1", value or "").strip(";") for name, value in attributes}
        kept.pop("xmlns", None)
        if tag != "tbody":  # a browser makes it where it is missing
            self.found.append((tag, kept))

    handle_startendtag = handle_starttag

    def handle_data(self, text: str) -> None:
        if text.strip():
            self.found.append(text.strip())


def shown_by_ds101() -> Iterator[tuple[str, str]]:
    """All HTML that stands in our own notebooks: reports, drawings, tables, quizzes."""
    for path in sorted([*(ROOT / "course").glob("*.ipynb"), *(ROOT / "solutions").glob("*/*.ipynb")]):
        for number, cell in enumerate(json.loads(path.read_text())["cells"]):
            for output in cell.get("outputs", []):
                if html := "".join(output.get("data", {}).get("text/html", "")):
                    yield f"{path.name} cell {number}", html


def test_what_ds101_shows_stays_as_it_is():
    shown = list(shown_by_ds101())
    assert len(shown) > 20
    assert any("<table" in html for _, html in shown)
    assert any("data:image/svg+xml" in html for _, html in shown)
    for name, html in shown:
        assert Parts(clean(html)).found == Parts(html).found, name


def test_a_trace_and_an_answer_with_a_drawing_stay_as_they_are():
    class Hello(Message):
        text: str

    class Peer(Node):
        @on(Hello)
        def hear(self, message: Hello, sender: str) -> None:
            self.send(sender, message)

    with Simulation(Peer, n=2, seed=1) as world:
        world.call("n1", Hello("<b>&"))
    trace = world.trace._repr_mimebundle_()["text/html"]
    answer = broken("No.", ["n1 → n2   Hello()"], replay="replay()")
    drawn = replace(answer, draw=lambda in_page: Picture(spacetime(world.trace, in_page=in_page), ()))
    for html in (trace, drawn._repr_html_()):
        assert "<svg" in html
        assert re.search(r"<style>\.ds101-diagram", clean(html))
        assert Parts(clean(html)).found == Parts(html).found


@pytest.mark.parametrize("attack", attacks())
def test_nothing_that_could_run_passes(attack):
    left = clean(attack)
    own = f"<style>{stylesheet(in_page=True)}</style>"
    assert not TAGS.search(left.replace(own, ""))
    assert not re.search(r"<[^>]*\son\w+\s*=", left.replace(own, ""))
    assert "href" not in left
    assert clean(left) == left or own in left


@pytest.mark.parametrize(("style", "left"), [
    ("color:red;position:fixed;top:0", "color:red"),
    ("margin-top:-900px;margin:1px", "margin:1px"),
    ("background:url(http://x/y);padding:2px", "padding:2px"),
    ("width:99999px", None),
    ("color:RED; font-size : 90%", "color:RED;font-size : 90%"),
    ("color:\\75 rl(x)", None),
])  # fmt: skip
def test_a_style_stays_in_its_place(style, left):
    assert clean(f'<p style="{style}">x</p>') == (f'<p style="{left}">x</p>' if left else "<p>x</p>")


def test_a_name_that_a_page_looks_for_is_dropped_and_so_are_its_classes():
    assert (
        clean('<p id="score" name="x" class="modal ds101-report navbar-fixed-top">x</p>')
        == '<p class="ds101-report">x</p>'
    )


def test_links_lead_out_and_pictures_are_in_the_page():
    assert 'href="https://example.org/a"' in clean('<a href="https://example.org/a">x</a>')
    assert clean('<a href="/formgrader">x</a><img src="/logout"><img src="http://x/y.png">').count("=") <= 1
    picture = '<img src="data:image/png;base64,AAAA">'
    assert clean(picture) == picture


def test_formulas_are_only_formulas():
    assert "\\href" not in clean(r"<p>$\href{javascript:alert(1)}{x}$ $\frac12$</p>")
    assert r"\frac12" in clean(r"<p>$\frac12$</p>")


@pytest.mark.parametrize(("text", "left"), [
    ("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"),
    ("\x1b]0;title\x07a", "a"),
    ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x1b[2J\x1b[Ha\x1b[5Ab", "ab"),
    ("\x9b31ma", "a"),
    ("\x1bP1$r0m\x1b\\a", "a"),
    ("\x1b[?1049ha\x1bcb", "ab"),
    ("a\rb\r\nc", "a\nb\nc"),
    ("a\x00\x07\x08b\tc", "ab\tc"),
    ("a\u202eb", "ab"),
    ("\x1b", ""),
    ("\x1b]52;c;ZXZpbA==", ""),
])  # fmt: skip
def test_a_terminal_gets_text_and_colours(text, left):
    assert plain(text) == left


def test_outputs_keep_what_can_be_shown():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><style>a{}</style><use href="#x"/></svg>'
    bundle = {
        "application/javascript": "alert(1)",
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "text/plain": "a\x1b[2J",
        "image/svg+xml": svg,
        "image/png": 'AA"><script>alert(1)</script>',
        "image/jpeg": "AAAA\n",
    }
    outputs = [
        new_output("display_data", bundle, metadata={"image/jpeg": {"width": 3, "height": "x"}, "text/html": {}}),
        new_output("display_data", {"application/javascript": "alert(1)"}),
        new_output("display_data", {"text/markdown": "> *hi* <script>alert(1)</script>"}),
        new_output("stream", text="\x1b]0;x\x07hi"),
        new_output("error", ename="E\x1b[2J", evalue="v", traceback=["\x1b[31mE\x1b[0m\x1b[2J"]),
    ]  # fmt: skip
    notebook = new_notebook(cells=[new_code_cell("x", outputs=outputs)], metadata={"widgets": {"a": 1}})
    safe = harmless(notebook)
    nbformat.validate(safe)
    first, second, third, fourth, fifth = safe.cells[0].outputs
    assert set(first.data) == {"text/plain", "text/html", "image/jpeg"}
    assert base64.b64encode(svg.encode()).decode() in first.data["text/html"]  # a picture runs nothing
    assert first.metadata == {"image/jpeg": {"width": 3}}
    assert second.data == {"text/plain": "Left out, since it could run something: application/javascript"}
    assert "<em>hi</em>" in third.data["text/html"]
    assert "<blockquote>" in third.data["text/html"]
    assert "<script" not in third.data["text/html"]
    assert fourth.text == "hi"
    assert (fifth.ename, fifth.traceback) == ("E", ["\x1b[31mE\x1b[0m"])
    assert "widgets" not in safe.metadata
    assert "widgets" in notebook.metadata  # what was given stays as it was


def test_attachments_are_pictures():
    cell = new_markdown_cell("![x](attachment:a.png)")
    cell.attachments = {"a.png": {"image/png": "AAAA", "text/html": "<script>"}, "b": {"text/html": "x"}}
    assert harmless(new_notebook(cells=[cell])).cells[0].attachments == {"a.png": {"image/png": "AAAA"}}


def configuration() -> Config:
    """What `nbgrader_config.py` says."""
    config: Config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    return config


@pytest.mark.browser
@pytest.mark.parametrize("template", ["formgrade", "feedback", "lab"])
@pytest.mark.parametrize("cleaned", [True, False])
def test_in_a_browser_nothing_runs(chromium, tmp_path, monkeypatch, template, cleaned):
    monkeypatch.setenv("JUPYTER_PATH", "")
    cells = []
    for attack in attacks():
        shown = [
            new_output("display_data", {kind: attack})
            for kind in ("text/html", "text/markdown", "image/svg+xml", "text/latex")
        ]
        shown += [
            new_output("stream", text=attack),
            new_output("error", ename=attack, evalue=attack, traceback=[attack]),
        ]
        shown.append(new_output("display_data", {"image/png": f'x" onerror="{RUN.format("png")}'}))
        shown.append(new_output("display_data", {"application/javascript": RUN.format("javascript")}))
        cells += [new_markdown_cell(attack), new_code_cell(attack, outputs=shown)]
    notebook = new_notebook(cells=cells)
    if cleaned:
        notebook = harmless(notebook)
    exporter = HTMLExporter(config=configuration(), template_name=template, **TEMPLATES)
    nbgrader = {"notebook": "lab", "score": 0, "max_score": 0, "late_penalty": 0, "date": ""}
    page_of = {"nbgrader": nbgrader, "base_url": "", "index": 0, "total": 1, "notebook_id": "lab", "submission_id": "1"}
    html, _ = exporter.from_notebook_node(notebook, resources=page_of)
    assert ran_in(chromium, tmp_path, html) is None


@pytest.mark.browser
def test_as_nbconvert_shows_it_much_would_run(chromium, tmp_path):
    cells = [new_markdown_cell(attack) for attack in attacks()[2:4]]
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(new_notebook(cells=cells))
    assert ran_in(chromium, tmp_path, html) is not None


def ran_in(chromium: str, folder: Path, html: str) -> object:
    """Show it, click on every link that is no address, and say what has run."""
    (folder / "page.html").write_text(html)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            page = browser.new_page()
            page.route(re.compile("^(?!file:)"), lambda route: route.abort())
            page.goto((folder / "page.html").as_uri())
            for link in page.locator("a").all():
                if "javascript:" in (link.get_attribute("href") or ""):
                    link.click(force=True)
            page.wait_for_timeout(300)
            return page.evaluate("window.ran")
        finally:
            browser.close()
