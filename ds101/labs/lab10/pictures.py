"""The picture that lab10 opens with: what a pharmacy was told while the network was cut, by two stores."""

from __future__ import annotations

from ds101.draw.picture import Picture
from ds101.draw.timeline import Bar, timeline

BAD = "Bad run: both sides of the cut are served"
GOOD = "Good run: the smaller side refuses"


def cut_cable() -> Picture:
    """Two histories, the bad one first. In between n1, n2 and n3 can't reach n4 and n5."""
    prescribed = Bar("doctor, at n1", 0.0, 0.1, "Write(valid)", number=1)
    withdrawn = Bar("doctor, at n1", 0.4, 0.5, "Write(withdrawn)", number=2)
    cut = Bar("the cable", 0.2, 1.1, "cut", look="faint")
    bad = [prescribed, withdrawn, cut, Bar("pharmacy, at n5", 0.7, 0.8, "Read() → valid", look="bad")]
    good = [
        prescribed,
        withdrawn,
        cut,
        Bar("pharmacy, at n5", 0.6, 1.0, "Read() → refused", look="open"),
        Bar("pharmacy, at n5", 1.2, 1.3, "Read() → withdrawn", number=3),
    ]
    pictures = timeline(bad, title=BAD, in_page=True), timeline(good, title=GOOD, in_page=True)
    return Picture("".join(one.svg for one in pictures), tuple(line for one in pictures for line in one.text))
