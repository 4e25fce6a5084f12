"""Pictures of runs, made of text alone: no browser, no plotting library.

spacetime   a trace as an SVG picture: lanes, arrows, time downward
as_text     the same in numbered lines
as_html     both, for a notebook
steps_of    how a run came to its end, in few lines; picture_of is their diagram
timeline    operations of clients as bars on a line of time
topology    who talked to whom in a trace, as a map
"""

from ds101.draw.brief import picture_of, steps_of
from ds101.draw.page import as_html
from ds101.draw.spacetime import spacetime
from ds101.draw.timeline import Bar, timeline
from ds101.draw.topology import topology
from ds101.draw.words import as_text

__all__ = ["Bar", "as_html", "as_text", "picture_of", "spacetime", "steps_of", "timeline", "topology"]
