"""The look: one stylesheet for light and dark, with names that no page around it has.

A diagram carries no ids, so any number of them can stand in one page. In an SVG file the reader's system chooses
between light and dark; in JupyterLab its theme does.
"""

from __future__ import annotations

ROOT = "ds101-diagram"
TYPES = 8  # colours for message types; after that they start again (the label says the type in words)

LIGHT = {
    "card": "#ffffff", "edge": "#d8dee4", "ink": "#1f2328", "soft": "#59636e", "lane": "#8c959f",
    "node": "#eef2f6", "client": "#ffffff", "bad": "#b42318", "wall": "#fdecea", "band": "#f3f5f8", "bar": "#cfd9e6",
    "t0": "#0a58b5", "t1": "#8a3fa0", "t2": "#0b6b3a", "t3": "#9a4a00",
    "t4": "#00696f", "t5": "#a3195b", "t6": "#5b6300", "t7": "#4b5563",
}  # fmt: skip
DARK = {
    "card": "#12171d", "edge": "#2f3740", "ink": "#e6edf3", "soft": "#9aa4af", "lane": "#6b7681",
    "node": "#232b34", "client": "#12171d", "bad": "#ff8f85", "wall": "#3a1d1d", "band": "#1b222a", "bar": "#36475a",
    "t0": "#7cb7ff", "t1": "#d9a6f5", "t2": "#76dd9b", "t3": "#ffb86b",
    "t4": "#62dbe0", "t5": "#ff9cc7", "t6": "#d3dd6e", "t7": "#b7c2cd",
}  # fmt: skip

# Declared twice: a viewer that doesn't know variables keeps the light colour.
_RULES = """
{r} text{{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;{fill:ink}}}
{r} .d-card{{{fill:card}{stroke:edge}}}
{r} .d-title{{font-size:14px;font-weight:600}}
{r} .d-node,{r} .d-client{{{fill:node}{stroke:lane}stroke-width:1.2}}
{r} .d-client{{{fill:client}stroke-dasharray:4 2.5}}
{r} .d-faint{{stroke-dasharray:2 5;fill:none}}
{r} .d-name{{font-size:13px;font-weight:600;text-anchor:middle}}
{r} .d-tag{{font-size:10px;font-weight:600;text-anchor:middle;{fill:soft}}}
{r} .d-time{{font-size:10px;text-anchor:end;{fill:soft}font-variant-numeric:tabular-nums}}
{r} .d-lane{{{stroke:lane}stroke-width:1.6}}
{r} .d-paused{{{stroke:lane}stroke-width:7;stroke-dasharray:1.5 3.5}}
{r} .d-bar{{{fill:bar}}}
{r} .d-hollow{{{fill:card}{stroke:soft}stroke-width:1;stroke-dasharray:2 2}}
{r} .d-plate{{{fill:card}{stroke:edge}}}
{r} .d-run{{{fill:lane}}}
{r} .d-dot{{{fill:ink}}}
{r} .d-ring{{{fill:card}{stroke:ink}stroke-width:1.4}}
{r} .d-end{{{fill:card}stroke:currentColor;stroke-width:1.3}}
{r} .d-hand{{fill:none;{stroke:ink}stroke-width:1.4;stroke-linecap:round}}
{r} .d-cross{{fill:none;{stroke:bad}stroke-width:2.2;stroke-linecap:round}}
{r} .d-arrow{{fill:none;stroke:currentColor;stroke-width:1.5}}
{r} .d-vague{{stroke-dasharray:2 3.5}}
{r} .d-dashed{{stroke-dasharray:5 4}}
{r} .d-tip{{fill:currentColor}}
{r} .d-call{{fill:currentColor;font-weight:600;text-anchor:middle}}
{r} .d-fields{{font-weight:400}}
{r} .d-cause,{r} .d-hint{{font-style:italic;text-anchor:middle;{fill:bad}}}
{r} .d-hint,{r} .d-aside{{font-weight:400;font-style:italic;{fill:soft}}}
{r} .d-halo{{paint-order:stroke;{stroke:card}stroke-width:3;stroke-linejoin:round}}
{r} .d-wide{{text-anchor:middle;{fill:soft}}}
{r} .d-mark{{font-weight:600}}
{r} .d-bad{{font-weight:600;{fill:bad}}}
{r} .d-said{{font-style:italic;{fill:soft}}}
{r} .d-printed{{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:10px;{fill:soft}}}
{r} .d-band{{{fill:band}}}
{r} .d-rule{{{stroke:soft}stroke-width:1;stroke-dasharray:6 3}}
{r} .d-wall{{{fill:wall}}}
{r} .d-hatch{{fill:none;{stroke:bad}stroke-width:.9;opacity:.55}}
{r} .d-brace{{fill:none;{stroke:soft}stroke-width:1.3}}
"""


def stylesheet(in_page: bool) -> str:
    """The rules; `in_page` for a notebook, where JupyterLab's theme has the last word."""
    root, dark = f".{ROOT}", "@media (prefers-color-scheme:dark)"
    rules = [f"{root}{{{_variables(LIGHT)}}}"]
    if in_page:
        rules += [
            f'{dark}{{body:not([data-jp-theme-light="true"]) {root}{{{_variables(DARK)}}}}}',
            f'[data-jp-theme-light="false"] {root}{{{_variables(DARK)}}}',
        ]
    else:
        rules.append(f"{dark}{{{root}{{{_variables(DARK)}}}}}")
    rules += [_expanded(rule, root) for rule in _RULES.strip().split("\n")]
    rules += [f"{root} .d-t{number}{{{_declared('color', f't{number}')}}}" for number in range(TYPES)]
    return "\n".join(rules)


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--d-{name}:{colour};" for name, colour in colours.items())


def _declared(attribute: str, name: str) -> str:
    return f"{attribute}:{LIGHT[name]};{attribute}:var(--d-{name});"


def _expanded(rule: str, root: str) -> str:
    for attribute in ("fill", "stroke"):
        for name in LIGHT:
            rule = rule.replace(f"{{{attribute}:{name}}}", _declared(attribute, name))
    return rule.replace("{r}", root).replace("{{", "{").replace("}}", "}")
