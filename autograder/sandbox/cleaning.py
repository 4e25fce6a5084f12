"""HTML, Markdown and terminal text of strangers, made so that it runs nothing where it is shown.

The parsing is nh3's (ammonia), a sanitizer that is kept up to date; here is the list of what may pass: text, tables,
pictures that are in the page itself, and drawings as `ds101.draw` makes them. It has no scripts, forms, frames, links
within the site, names that a page's own scripts look for, or styles that leave their place. A stylesheet passes only if
it is the drawings' own.

>>> clean('<b onclick="alert()">bold</b><script>alert()</script>')
'<b>bold</b>'
>>> plain("\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07text")
'\\x1b[31mred\\x1b[0m text'
"""

from __future__ import annotations

import functools
import re
import secrets
from typing import Any

import nh3

from ds101.draw.style import stylesheet


def _words(text: str) -> set[str]:
    return set(text.split())


HTML = _words("""
    a b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img
    ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var
""")
SVG = _words("svg g path rect circle ellipse line polyline polygon text tspan title desc")
ATTRIBUTES = _words("""
    class style title role aria-label alt width height colspan rowspan align scope start open href src
    viewBox x y x1 y1 x2 y2 cx cy r rx ry dx dy d points transform fill stroke stroke-width stroke-dasharray
    stroke-linecap stroke-linejoin opacity font-size font-weight text-anchor data-sheet
""")
# A style may say how something looks, never where it is (also not by -9px) or what is loaded for it.
LOOKS = re.compile(
    r"(--d-[a-z0-9]+|(background-)?color|fill|stroke(-width|-dasharray)?|opacity|font(-[a-z]+)?|text-(align|anchor|decoration)"
    r"|vertical-align|white-space|overflow(-x|-y|-wrap)|word-break|line-height|letter-spacing|list-style(-type)?|width|height"
    r"|(max|min)-(width|height)|(padding|margin|border)(-(left|right|top|bottom|collapse|spacing|radius|color|style|width))?)"
)
VALUE = re.compile(r"[\w\s.,#%()/'+-]*")
UNSAFE = re.compile(
    r"url|expression|image|attr|(^|[\s,(])-\s*[.\d]|(?<![#\w])\d{5}", re.IGNORECASE
)  # -9px leaves its place
CLASSES = re.compile(r"(ds101|d)-[\w-]+|dataframe|highlight|hl-[\w-]+|[a-z][a-z0-9]{0,2}|ansi-[\w-]+")
LINK = re.compile(r"https?://[^\s\\]+|mailto:[^\s\\]+")
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*")
PAINT = re.compile(r"#?[\w.%-]+|rgba?\([\d\s,.%]+\)")

# What a terminal does beyond colours, and characters that make text look like other text.
COLOUR = r"\x1b\[[0-9;]{0,40}m"
ESCAPES = re.compile(
    rf"({COLOUR})|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b[PX^_].*?(?:\x1b\\|$)|[\x1b\x9b]\[?[0-?]*[ -/]*[@-~]?"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]",
    re.DOTALL,
)
# What MathJax would make a link, a style, a class or another script of.
MATHS = re.compile(r"\\(?=\s*(href|url|class|cssId|style|require|unicode|data|html\w*|bbox|mmlToken|include)\b)")
APART = "\\\u200b"  # shows the same, and is no command


def clean(html: Any) -> str:
    """HTML that runs nothing, asks no one for anything, and stays in its place."""
    mark = secrets.token_hex(16)
    sheets = [stylesheet(True), stylesheet(False)]
    text = html if isinstance(html, str) else str(html)
    for number, sheet in enumerate(sheets):
        text = text.replace(f"<style>{sheet}</style>", _stand_in(mark, number))
    text = _cleaner().clean(text)
    for number, sheet in enumerate(sheets):  # in an attribute the quotes of a stand-in are written otherwise
        text = text.replace(_stand_in(mark, number), f"<style>{sheet}</style>")
    return maths(text)


def _stand_in(mark: str, number: int) -> str:
    return f'<g data-sheet="{mark}{number}"></g>'


@functools.cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=HTML | SVG,
        clean_content_tags={"script", "style", "template", "noscript", "iframe", "object", "textarea", "select"},
        attributes={"*": ATTRIBUTES},
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer",
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The value that an attribute may have; None if it may not be there."""
    if name == "class":
        return " ".join(word for word in value.split() if CLASSES.fullmatch(word)) or None
    if name == "style":
        return ";".join(part.strip() for part in value.split(";") if _looks(part)) or None
    if name == "href":
        return value if tag == "a" and LINK.fullmatch(value) else None
    if name == "src":
        return value if tag == "img" and PICTURE.fullmatch(value) else None
    if name in ("fill", "stroke"):
        return value if PAINT.fullmatch(value) else None
    if name in ("width", "height") and len(value) > 8:
        return None
    return value


def _looks(declaration: str) -> bool:
    name, _, value = declaration.partition(":")
    return bool(LOOKS.fullmatch(name.strip().lower()) and VALUE.fullmatch(value) and not UNSAFE.search(value))


def plain(text: Any) -> str:
    """Text with its colours, and without anything else that a terminal would act on."""
    return ESCAPES.sub(lambda found: found[1] or "", _lines(text if isinstance(text, str) else str(text)))


def maths(text: str) -> str:
    """With formulas that are only formulas."""
    return MATHS.sub(lambda _: APART, text)


def _lines(text: str) -> str:
    """A carriage return would write over what stands there."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
