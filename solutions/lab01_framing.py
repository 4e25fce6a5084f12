# %% [markdown]
# # lab01 · Framing over raw TCP sockets
#
# *About 3 hours. Before it: chapter 01. You need Python and what this page gives you, nothing else.*
#
# ## The story
#
# Mara's pager rings at three in the morning. The robots in hall 2 have not stopped, although the message `stop` was
# sent, and the log of the controller shows that it arrived: as `st`, and then as `op`. On her laptop every message
# had always come in one piece. In the hall, with a hundred robots and a tired switch, one in a thousand does not.
# The controller took `st` for a message, did not know it, and threw it away.
#
# TCP had kept every promise that it makes. *Which promise did the controller rely on that TCP never made?*

# %%
from ds101.labs.lab01 import two_readers

two_readers()

# %% [markdown]
# **In words:** two frames were sent, and they arrived in three pieces, as TCP may deliver them. The bad run takes each
# piece for a frame. The good run keeps what it has until a frame is whole.
#
# ## Primer: a stream has no messages in it
#
# A TCP connection carries two **streams of bytes**, one each way. TCP promises that the bytes arrive in order, each
# once, unchanged, or that the connection ends. It says nothing about *pieces* (RFC 9293, section 2.2: "a reliable,
# in-order, byte-stream service"). What one program writes with one `sendall` may reach the other in one `recv`, or in
# five, or together with the write before it. The network cuts what is too long for a packet; the operating systems
# join what is waiting. `recv(n)` gives you *at least one and at most n* bytes: whatever is there.
#
# So if you want messages, you must say yourself where they end. That is **framing**. Some protocols mark the end of a
# message with a special byte, as a line of text ends with a newline. Then the message must not contain that byte.
# Others announce the length first. We do that, as many binary protocols do:
#
# > A **frame** is a **header** of 4 bytes, which says how many bytes follow, and then that many bytes: the **payload**.
#
# Our payloads are text in UTF-8. The number in the header is written **big-endian**: the most significant byte first.
#
# ### A worked example
#
# The message `hö` has two characters. In UTF-8, `h` is one byte and `ö` is two: `68 c3 b6`. So its frame is
#
# | header | payload |
# |---|---|
# | `00 00 00 03` | `68 c3 b6` |
#
# Say that these seven bytes arrive in three pieces. A **decoder** that remembers what it could not use yet sees this:
#
# | a piece arrives | the decoder now has | and can say |
# |---|---|---|
# | `00 00` | `00 00` | half a header: nothing |
# | `00 03 68` | `00 00 00 03 68` | 3 bytes are announced, 1 is here: nothing |
# | `c3 b6` | `00 00 00 03 68 c3 b6` | all 3 are here: `hö` |
#
# If the last piece had been longer, its other bytes would begin the next frame. They must be kept, too. One piece can
# end one frame, hold three whole ones, and begin a fifth.
#
# ### What can go wrong besides cutting
#
# **The peer lies.** Four bytes can announce 4,294,967,295 bytes. A program that believes this waits for 4 GiB, or
# makes room for them. Whoever sends you four bytes of `ff` must not be able to do that to you. So there is a `LIMIT`,
# and the header alone tells that it is broken.
#
# **The peer dies.** Its side of the stream ends: `recv` returns `b""`. Between two frames, that is a normal goodbye.
# Inside a frame it is not: a message was lost, and somebody should know.
#
# **The peer is silent.** It may be slow, dead without a goodbye, or cut off. From here you can't tell which. The only
# thing that you can do is to stop waiting after some time: a **timeout** on every call that waits. A timeout for each
# `recv` is not a deadline for the whole: a peer that sends one byte in time, again and again, never uses it up.
#
# **The peer is slow to read.** Then your bytes pile up in the buffers between you, until nothing more fits.
#
# **System model of this lab.** Processes on one machine, TCP between them. Bytes arrive unchanged and in order, cut and
# joined anywhere, late, or never again. A peer may die at any moment and may send anything.

# %% [markdown]
# ## The API
#
# | name | what it is |
# |---|---|
# | `LIMIT` | the most bytes of a payload: 2**20, that is 1 MiB |
# | `FrameTooLarge` | error: a message has more than `LIMIT` bytes, or a header says so |
# | `Truncated` | error: a stream ended inside a frame, or before the reply. Both are a `FramingError`, and that is a `ValueError` |
# | `time_left(deadline)` | seconds until then, on the clock `time.monotonic()`; raises `TimeoutError` if there are none |
# | `running(serve, timeout)` | your server as a process of its own: `with running(serve) as address:` |
# | `Proxy(address)` | a proxy in front of it: `proxy.address`, `proxy.link(slice=1)` cuts the stream into pieces of 1 byte |
# | `listener.accept()` | Python's own: waits for a client, returns `(connection, its address)` |
# | `connection.recv(n)` | Python's own: waits for bytes, returns 1 to n of them; `b""` at the end of the stream |
# | `connection.sendall(data)` | Python's own: returns when all of `data` is on its way |
# | `connection.settimeout(s)` | Python's own: from now on, a call that waits longer raises `TimeoutError`, which is an `OSError` |
# | `check("lab01", ...)` | judges what you wrote, says what went wrong, and returns your points |
#
# Your code runs in other processes during a check, with deadlines: an endless loop costs you a few seconds, no more.

# %%
import socket
import time

from ds101.labs import NotYet, check
from ds101.labs.lab01 import LIMIT, FrameTooLarge, Truncated, running, time_left
from ds101.proxy import Proxy

# %% [markdown]
# ## Task 1 · A message becomes a frame
#
# Write `encode`. Its docstring is the sentence to implement. Then run the check below it.


# %% nbgrader={"grade": false, "grade_id": "encode", "locked": false, "schema_version": 3, "solution": true, "task": false}
def encode(message: str) -> bytes:
    """The frame of a message: its length in bytes, as 4 bytes, big-endian, and then these bytes.

    The bytes of a message are its text in UTF-8. Raises FrameTooLarge if it has more than LIMIT bytes.
    """
    ### BEGIN SOLUTION
    payload = message.encode("utf-8")
    if len(payload) > LIMIT:
        raise FrameTooLarge(f"the message has {len(payload):,} bytes, LIMIT is {LIMIT:,}")
    return len(payload).to_bytes(4, "big") + payload
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-encode", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1  # grading looks at other messages, never for other properties
### BEGIN HIDDEN TESTS
seed, size = 2081, 2
### END HIDDEN TESTS
check("lab01", encode, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A `str` has characters, and `message.encode()` has bytes. What does the header count?
# </details>
# <details><summary>Hint 2</summary>
#
# A number knows how to become bytes: look at `help(int.to_bytes)`.
# </details>
# <details><summary>Hint 3</summary>
#
# In this order: make the payload, compare its length with `LIMIT`, return header and payload joined by `+`.
# </details>

# %% [markdown]
# ## Task 2 · Frames become messages
#
# Write the `Decoder`. It never touches a socket: it gets pieces of bytes, and gives back messages. So you can try it in a
# cell, piece by piece, and that is how it is checked.


# %% nbgrader={"grade": false, "grade_id": "decoder", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Decoder:
    """Takes the messages out of one stream, however the stream is cut into pieces."""

    def __init__(self):
        """A decoder at the beginning of its stream."""
        ### BEGIN SOLUTION
        self.waiting = bytearray()  # which bytes have come, and belong to no message yet?
        ### END SOLUTION

    def feed(self, data: bytes) -> list[str]:
        """The messages that are complete now that `data` has arrived, in order; often there are none.

        Raises FrameTooLarge as soon as a header announces more than LIMIT bytes, and
        UnicodeDecodeError, as bytes.decode does, for a payload that is not UTF-8.
        """
        ### BEGIN SOLUTION
        self.waiting += data
        messages = []
        while (payload := self.next_payload()) is not None:
            messages.append(payload.decode("utf-8"))
        return messages

    def next_payload(self):
        """The payload of the first frame that waits, or None while it is not whole."""
        if len(self.waiting) < 4:
            return None
        length = int.from_bytes(self.waiting[:4], "big")
        if length > LIMIT:
            raise FrameTooLarge(f"a header announces {length:,} bytes, LIMIT is {LIMIT:,}")
        if len(self.waiting) < 4 + length:
            return None
        payload = bytes(self.waiting[4 : 4 + length])
        del self.waiting[: 4 + length]
        return payload
        ### END SOLUTION

    def finish(self) -> None:
        """The stream has ended. Raises Truncated if that was inside a frame."""
        ### BEGIN SOLUTION
        if self.waiting:
            raise Truncated(f"the stream ended inside a frame, after {len(self.waiting):,} of its bytes")
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-decoder", "locked": true, "points": 11, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 2082, 2
### END HIDDEN TESTS
check("lab01", Decoder, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Play the table of the worked example with pen and paper, for two frames that arrive as `00 00 00 01 61 00` and
# `00 00 01 62`. What do you write down between the two?
# </details>
# <details><summary>Hint 2</summary>
#
# Keep everything that has not been used. After each piece, ask the same question again and again: is there a whole
# frame at the front? When the answer is no, wait for the next piece.
# </details>
# <details><summary>Hint 3</summary>
#
# A `bytearray` can grow at its end (`+=`) and shrink at its front (`del waiting[:n]`) without being copied. Fewer than
# 4 bytes: no header yet. Fewer than 4 + length: no message yet. What is left at the end tells `finish` all that it must know.
# </details>

# %% [markdown]
# ## Task 3 · A client that does not wait for ever
#
# Write `exchange`: one message out, one reply back. The `timeout` is for all of it together.


# %% nbgrader={"grade": false, "grade_id": "exchange", "locked": false, "schema_version": 3, "solution": true, "task": false}
def exchange(connection: socket.socket, message: str, timeout: float) -> str:
    """Send a message, and return the one message that comes back.

    Raises TimeoutError if the reply is not complete after `timeout` seconds, and Truncated if the
    connection ends before that.
    """
    ### BEGIN SOLUTION
    deadline = time.monotonic() + timeout
    connection.settimeout(timeout)
    connection.sendall(encode(message))
    decoder = Decoder()
    while True:
        connection.settimeout(time_left(deadline))
        data = connection.recv(65536)
        if not data:
            raise Truncated("the connection ended before the reply was complete")
        for reply in decoder.feed(data):
            return reply
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-exchange", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 2083, 2
### END HIDDEN TESTS
check("lab01", exchange, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which three calls can wait here? Each of them needs an answer to the question: for how long at the most?
# </details>
# <details><summary>Hint 2</summary>
#
# Fix the deadline once, at the beginning: `deadline = time.monotonic() + timeout`. Before each `recv`, set the time that is
# left of it.
# </details>
# <details><summary>Hint 3</summary>
#
# Loop: `settimeout(time_left(deadline))`, `recv`, look for the end of the stream (`b""`), feed the decoder, return the first
# message that it gives.
# </details>

# %% [markdown]
# ## Task 4 · A server that outlives its clients
#
# Write `serve`. It gets a socket that is listening already, and never returns. Serving one client after the other is
# enough, as long as no client can keep it waiting for more than `timeout` seconds.


# %% nbgrader={"grade": false, "grade_id": "serve", "locked": false, "schema_version": 3, "solution": true, "task": false}
def serve(listener: socket.socket, timeout: float) -> None:
    """Send every message of every client back to it, in order, for ever.

    A client that breaks the rules of framing, sends bytes that are not UTF-8, dies, or lets the
    server wait for `timeout` seconds, loses its own connection, and no other client notices.
    """
    ### BEGIN SOLUTION
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                echo(connection, timeout)
            except (OSError, ValueError):
                pass  # this client is gone, silent or broken; the next one is not


def echo(connection, timeout):
    """Serve one client until it leaves."""
    connection.settimeout(timeout)
    decoder = Decoder()
    while data := connection.recv(65536):
        for message in decoder.feed(data):
            connection.sendall(encode(message))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-serve", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
seed, size = 1, 1
### BEGIN HIDDEN TESTS
seed, size = 2084, 2
### END HIDDEN TESTS
check("lab01", serve, seed=seed, size=size)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write it for one good client first. Your `Decoder` and your `encode` do all of the work.
# </details>
# <details><summary>Hint 2</summary>
#
# A timeout that you set on the listener is not inherited by its connections. And which of your lines can raise because of
# what a client did?
# </details>
# <details><summary>Hint 3</summary>
#
# Two loops: the outer one accepts, the inner one reads until `b""`. The `try` goes between them, around all that is done for one
# client. `FramingError` and `UnicodeDecodeError` are `ValueError`s, everything that a socket raises is an `OSError`.
# </details>

# %% [markdown]
# ## Experiment: one knob
#
# Your server and a proxy are two processes of their own (in a terminal: `ps ax | grep ds101`). The proxy cuts the
# stream, each way, into pieces of at most `SLICE` bytes.
#
# **Predict.** How many pieces will the proxy make of one exchange of `naïve café` at `SLICE = 1`? And does the reply
# change? Then run it; then try 3, 14 and 1000.

# %% tags=["raises-exception"]
SLICE = 1

with running(serve) as address, Proxy(address) as proxy:
    proxy.link(slice=SLICE)
    with socket.create_connection(proxy.address) as connection:
        print(exchange(connection, "naïve café", timeout=2.0))
    print(proxy.log)

# %% [markdown]
# <details><summary>What to see</summary>
#
# The message has 10 characters, 12 bytes, and with its header 16: at `SLICE = 1` sixteen pieces go up and sixteen come
# down. From 16 on, one piece is enough. The reply is the same each time: your decoder made the cutting invisible. The
# tempting answer, 10, counts characters.
# </details>

# %% [markdown]
# ## Reflection
#
# A person reads your answers. A few sentences each; no code needed. Double-click *YOUR ANSWER HERE* to write.
#
# **1. The patient attacker.** A client sends one byte of a frame each time when 0.9 of your server's `timeout` have passed. What
# does your server do meanwhile for everybody else? Name one change that would help, and what it costs.

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-patience", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# As long as the attacker keeps that up, a server that serves one client after the other serves nobody else: each byte arrives in
# time. A deadline for each whole message (as in `exchange`) bounds it, at the price of hanging up on clients that are
# slow and honest. A thread or a coroutine for each client lets the others through, at the price of memory and a limit on
# connections, which the attacker can use up next.

# %% [markdown]
# **2. Silence.** `exchange` raised `TimeoutError`. Did the server do what the message asked for? Describe two runs that look
# the same to the client, and say what could go wrong if the client simply sends the message again.

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-silence", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# It can't be known. In one run the request was lost or is still on its way, and nothing was done; in another the server did it, and
# the reply is what was lost or late. Sending again is harmless for an echo. If the message had been "move 10 euros", the second
# run would move them twice.

# %% [markdown]
# **3. The limit.** Both sides know `LIMIT`. Why must the receiver check it although every honest sender does? And what would you
# offer someone who needs to send 5 MiB, other than a larger `LIMIT`?

# %% [markdown] nbgrader={"grade": true, "grade_id": "reflection-limit", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# The receiver does not know who wrote the header: it may be an attacker, or an old version, or a stream that is out of step. What it
# can't check, it must not trust with its memory. Five MiB can go as several messages, each within the limit, with a number
# and a mark on the last, and are put together above the framing; then small messages can pass in between, too.

# %% [markdown]
# ## What you know now
#
# - TCP carries bytes, in order. Messages are your own invention, and so is their end.
# - A decoder that remembers is all it takes to make cutting and joining invisible.
# - What a peer says about itself is a claim: a limit comes before trust.
# - Silence has no meaning of its own. You give it one, with a deadline.
#
# **Further reading.** W. Eddy, *Transmission Control Protocol*, RFC 9293 (2022), section 2.2. Saltzer, Reed and Clark,
# *End-to-End Arguments in System Design* (1984): why the ends must check what the middle can't.
