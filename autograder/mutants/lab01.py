"""lab01: framing. The mistakes that students make with a stream of bytes."""

from __future__ import annotations

from autograder.mutants import Mutant

# What needs a right encode: a client or server whose frames are wrong gets no further.
TALKING = {"the whole reply", "echo"}
# What needs a right Decoder on short, well-behaved streams.
CUTTING = {"split frames", "any cutting"}


def mutant(name: str, mistake: str, edits: dict[str, str], *breaks: str) -> Mutant:
    return Mutant("lab01", name, mistake, edits, frozenset(breaks))


READ_ONCE = """\
    while True:
        connection.settimeout(time_left(deadline))
        data = connection.recv(65536)
        if not data:
            raise Truncated("the connection ended before the reply was complete")
        for reply in decoder.feed(data):
            return reply
"""

MUTANTS = [
    mutant(
        "counts characters",
        "Counts the characters of the message where the header counts its bytes.",
        {"len(payload).to_bytes": "len(message).to_bytes"},
        "one frame a message",
        *TALKING,
    ),
    mutant(
        "little end first",
        "Writes and reads the length with its least significant byte first, as most processors do.",
        {'to_bytes(4, "big")': 'to_bytes(4, "little")', 'self.waiting[:4], "big"': 'self.waiting[:4], "little"'},
        "one frame a message",
        "split frames",
        "joined frames",
        "any cutting",
        "hostile lengths",
        "death mid-frame",
        "work in proportion",
        "the whole reply",
        "every byte leaves",
        "a deadline is a deadline",
        "a dead peer is no reply",
        "echo",
        "a bad client harms only itself",
        "silence is bounded",
    ),
    mutant(
        "refuses the limit itself",
        "Refuses a message of exactly LIMIT bytes, because it compares with >=.",
        {"if len(payload) > LIMIT": "if len(payload) >= LIMIT"},
        "one frame a message",
    ),
    mutant(
        "sends anything",
        "Forgets the limit when sending.",
        {"if len(payload) > LIMIT": "if False"},
        "nothing too large is sent",
    ),
    mutant(
        "limits characters",
        "Compares the limit with the number of characters.",
        {"if len(payload) > LIMIT": "if len(message) > LIMIT"},
        "nothing too large is sent",
    ),
    mutant(
        "takes each piece for a frame",
        "Decodes what one read brought, and forgets what was left of it.",
        {"self.waiting += data": "self.waiting = bytearray(data)"},
        *CUTTING,
        "hostile lengths",
        "work in proportion",
        *TALKING,
    ),
    mutant(
        "joins two pieces only",
        "Keeps the piece before this one, but not those before that: a frame that spans three reads is lost.",
        {
            "self.waiting = bytearray()": "self.last, self.waiting = 0, bytearray()",
            "self.waiting += data": "self.waiting, self.last = self.waiting[-self.last or None :] + data, len(data)",
        },
        *CUTTING,
        "hostile lengths",
        "work in proportion",
        *TALKING,
    ),
    mutant(
        "one message a piece",
        "Looks for a message once for each piece, with if instead of while.",
        {"while (payload := self.next_payload()) is not None": "if (payload := self.next_payload()) is not None"},
        "joined frames",
        "any cutting",
        "echo",
    ),
    mutant(
        "throws the rest away",
        "Empties its buffer when it has taken a message out, and with it the beginning of the next frame.",
        {"del self.waiting[: 4 + length]": "self.waiting.clear()"},
        "joined frames",
        "any cutting",
        "echo",
    ),
    mutant(
        "loses the tail",
        "Waits for more bytes than the frame has, so the last message of a stream never comes out.",
        {"if len(self.waiting) < 4 + length": "if len(self.waiting) <= 4 + length"},
        "split frames",
        "joined frames",
        "any cutting",
        "death mid-frame",
        "every byte leaves",
        *TALKING,
        "a bad client harms only itself",
        "silence is bounded",
    ),
    mutant(
        "half a header is a header",
        "Unpacks the length although fewer than 4 bytes have arrived.",
        {
            "if len(self.waiting) < 4:": "if not self.waiting:",
            'int.from_bytes(self.waiting[:4], "big")': '__import__("struct").unpack(">I", self.waiting[:4])[0]',
        },
        *CUTTING,
        "hostile lengths",
        "death mid-frame",
        *TALKING,
        "a deadline is a deadline",
        "a dead peer is no reply",
        "a bad client harms only itself",
        "silence is bounded",
    ),
    mutant(
        "trusts the header",
        "Believes a header that announces 4 GiB, and waits for them.",
        {"if length > LIMIT": "if False"},
        "hostile lengths",
        "a bad client harms only itself",
    ),
    mutant(
        "checks the limit too late",
        "Checks the limit when the whole frame is there, so whoever announces 4 GiB is waited for.",
        {"if length > LIMIT": "if length > LIMIT and len(self.waiting) >= 4 + length"},
        "hostile lengths",
        "a bad client harms only itself",
    ),
    mutant(
        "a death is a goodbye",
        "Takes every end of the stream for a clean one.",
        {"if self.waiting:": "if False:"},
        "death mid-frame",
    ),
    mutant(
        "copies and copies",
        "Keeps its bytes in a bytes object, which is copied as a whole for each piece that arrives.",
        {
            "self.waiting = bytearray()": 'self.waiting = b""',
            "del self.waiting[: 4 + length]": "self.waiting = self.waiting[4 + length :]",
        },
        "work in proportion",
    ),
    mutant(
        "reads once",
        "Calls recv once, and takes what it brings for the whole reply.",
        {
            READ_ONCE: """\
    connection.settimeout(time_left(deadline))
    data = connection.recv(65536)
    return data[4:].decode()
"""
        },
        "the whole reply",
        "a deadline is a deadline",
        "a dead peer is no reply",
    ),
    mutant(
        "a silent peer is waited for",
        "Sets no timeout in the client, so that a silent peer is waited for for ever.",
        {
            "connection.settimeout(timeout)\n    connection.sendall": "connection.sendall",
            "connection.settimeout(time_left(deadline))": "pass",
        },
        "a deadline is a deadline",
    ),
    mutant(
        "each byte gives new time",
        "Gives every recv the whole timeout again, so that a peer that drips is never late.",
        {"connection.settimeout(time_left(deadline))": "connection.settimeout(timeout)"},
        "a deadline is a deadline",
    ),
    mutant(
        "sends what fits",
        "Uses send in place of sendall, in the client and in the server, and ignores how much it sent.",
        {
            "connection.sendall(encode(message))\n    decoder": "connection.send(encode(message))\n    decoder",
            "            connection.sendall(encode(message))": "            connection.send(encode(message))",
        },
        "every byte leaves",
        "echo",
    ),
    mutant(
        "spins on a dead peer",
        "Does not look for the end of the stream: recv returns b'' again and again.",
        {"if not data:": "if False:"},
        "a dead peer is no reply",
    ),
    mutant(
        "a dead peer says nothing",
        "Returns an empty reply when the connection ends.",
        {'            raise Truncated("the connection ended before the reply was complete")': '            return ""'},
        "a dead peer is no reply",
    ),
    mutant(
        "one client kills the server",
        "Catches nothing: the first client that breaks a rule ends the server.",
        {"except (OSError, ValueError)": "except ZeroDivisionError"},
        "a bad client harms only itself",
        "silence is bounded",
    ),
    mutant(
        "forgets that text may be no text",
        "Catches the errors of framing and of sockets, but not that of bytes that are no UTF-8.",
        {"except (OSError, ValueError)": "except (OSError, FrameTooLarge)"},
        "a bad client harms only itself",
    ),
    mutant(
        "waits for silent clients",
        "Sets no timeout on the connections that it accepts.",
        {"    connection.settimeout(timeout)\n    decoder": "    decoder"},
        "silence is bounded",
    ),
    mutant(
        "serves one client",
        "Forgets the outer loop: returns when its first client leaves.",
        {"while True:\n        connection, _": "for _ in range(1):\n        connection, _"},
        "echo",
        "a bad client harms only itself",
        "silence is bounded",
    ),
    mutant(
        "answers each client once",
        "Reads once from each client, answers, and hangs up.",
        {"while data := connection.recv(65536)": "if data := connection.recv(65536)"},
        "echo",
    ),
    mutant(
        "does nothing",
        "Accepts clients and never says a word.",
        {"    while data := connection.recv(65536)": "    while connection.recv(65536) and (data := b'')"},
        "echo",
        "a bad client harms only itself",
        "silence is bounded",
    ),
]
