"""What a saved notebook shows to somebody who has not run it.

JupyterLab trusts only outputs of the reader's own kernels. In others a widget's view finds no kernel that knows it, and
of an SVG drawing only the words stay. So a saved notebook has them in another form.
"""

from __future__ import annotations

import base64
import re
from html import escape
from xml.etree import ElementTree

from nbformat import NotebookNode

SVG = re.compile(r"<svg\b.*?</svg>", re.S)
NAMESPACE = "{http://www.w3.org/2000/svg}"


def make_still(notebook: NotebookNode) -> None:
    """Give the outputs the form that reads without a kernel and without trust."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for kind in [kind for kind in data if kind.endswith("widget-view+json")]:
                del data[kind]
            if "text/html" in data:
                data["text/html"] = SVG.sub(lambda found: _image(found[0]), data["text/html"])


def _image(svg: str) -> str:
    """The same picture as an image, with its description as alternative text."""
    root = ElementTree.fromstring(svg)
    words = [root.findtext(f"{NAMESPACE}{part}") or "" for part in ("title", "desc")]
    size = "".join(f' {name}="{escape(root.attrib[name])}"' for name in ("width", "height") if name in root.attrib)
    content = base64.b64encode(svg.encode()).decode()
    alternative = escape(". ".join(word for word in words if word))
    return (
        f'<img src="data:image/svg+xml;base64,{content}" alt="{alternative}"{size} style="max-width:100%;height:auto">'
    )
