"""lab01, framing over raw TCP sockets: its specification, and what it gives its students.

System model: TCP between processes of one machine. Bytes arrive unchanged and in order, cut and joined anywhere, late,
or never again (the peer dies, or is silent). What a peer sends may be anything.

- given.py       the limit, the errors and two helpers: all that a student needs
- pictures.py    the bad run and the good run
- streams.py     streams of frames, and where they are cut
- peers.py       the other ends of connections
- encoding.py    task 1: encode
- decoding.py    task 2: Decoder, on any cutting
- hostility.py   task 2: Decoder, on streams that mean harm, end too soon, or are long
- exchanging.py  task 3: exchange
- serving.py     task 4: serve
"""

from ds101.labs.cases import judge_by_cases
from ds101.labs.lab01 import decoding, encoding, exchanging, hostility, serving  # noqa: F401  # they state properties
from ds101.labs.lab01.given import LIMIT, FrameTooLarge, FramingError, Truncated, running, time_left
from ds101.labs.lab01.pictures import two_readers
from ds101.labs.specification import Lab

LAB = Lab("lab01", "Framing over raw TCP sockets", ("encode", "Decoder", "exchange", "serve"), judge_by_cases)

__all__ = ["LAB", "LIMIT", "FrameTooLarge", "FramingError", "Truncated", "running", "time_left", "two_readers"]
