"""Labs: what each asks for, and how a solution is judged.

    from ds101.labs import check
    check("lab01", encode, Decoder)        # the points; the report appears above them

- specification.py  `Lab`, `Property`, `property_of`: sentences with checks, points and hints
- cases.py          judging by cases: try, and shrink the first that breaks
- apart.py          student code in a process of its own, with deadlines
- checking.py       `check` and `judge`
- report.py         what a student reads
- wording.py        runs in words
- submission.py     the parts of a solution, out of a notebook or a module
- worlds/           judging a lab whose parts are nodes: every order, simulated days, real processes
- lab01/ lab02/ lab05/ lab10/ lab12/   framing, exactly-once calls, logical clocks, CAP, leader election
"""

from ds101.errors import NotYet
from ds101.labs.checking import check, judge
from ds101.labs.specification import Lab, Property, property_of

__all__ = ["Lab", "NotYet", "Property", "check", "judge", "property_of"]
