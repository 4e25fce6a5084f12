"""Task 4, `CausalBroadcast`: every post once on every screen, and causes first.

That a post happened before another one means: it stood on the author's screen when the author wrote the other one, or
it happened before one that did (Birman, Schiper and Stephenson 1991; Cachin, Guerraoui and Rodrigues 2011, section
3.9). So the screens tell it themselves, as long as every author sees the own posts at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ds101.checks.answer import Answer, broken, holds, inconclusive
from ds101.explorer import View
from ds101.labs.lab05.given import Said, Say
from ds101.labs.lab05.runs import BROADCAST
from ds101.labs.lab05.telling import without_replies
from ds101.labs.specification import property_of
from ds101.trials import Run

Line = tuple[str, str, int]  # the author, the text, and which of the author's posts of that text it is: the first is 1


def screens_in(run: Run | View) -> dict[str, list[Line]]:
    """What each node's screen shows, from top to bottom."""
    states = {node: run.state(node) for node in run.nodes} if isinstance(run, View) else run.states
    return {node: _numbered(state.get("_screen", ())) for node, state in states.items()}


def _numbered(screen: Sequence[Any]) -> list[Line]:
    counts: Counter[tuple[str, str]] = Counter()
    lines = []
    for author, text in screen:
        counts[author, text] += 1
        lines.append((author, text, counts[author, text]))
    return lines


def _posted(run: Run | View) -> Counter[tuple[str, str]]:
    """How often each node was asked to post each text; a request counts from when its client makes it."""
    return Counter((one.node, one.request.text) for one in run.history if isinstance(one.request, Say))


def _in_words(line: Line) -> str:
    author, text, number = line
    return f"{author}: {text}" + (f" (no. {number})" if number > 1 else "")


@property_of(
    "lab05",
    points=1,
    title="your own at once",
    hint="broadcast sends to the others. Who delivers to the author?",
    needs=("CausalBroadcast",),
    worlds=BROADCAST,
    shown=without_replies,
)
def own_at_once(run: Run | View) -> Answer:
    """Whoever posts sees the post on the own screen at once."""
    looked = False
    for one in run.history:
        if isinstance(one.reply, Said):
            looked = True
            if (one.node, one.request.text) not in map(tuple, one.reply.screen):
                return broken(f"{one.node} was asked to post {one.request.text!r}, and did not show it at once.")
    return holds() if looked else inconclusive("Nobody posted anything.")


@property_of(
    "lab05",
    points=2,
    title="no post twice",
    hint="How can a node tell a post that it has shown from a new one that says the same?",
    needs=("CausalBroadcast",),
    worlds=BROADCAST,
    shown=without_replies,
)
def no_post_twice(run: Run | View) -> Answer:
    """No screen shows a post twice, or one that nobody posted."""
    posted = _posted(run)
    looked = False
    for node, screen in screens_in(run).items():
        for author, text, number in screen:
            looked = looked or author != node
            if number > posted[author, text]:
                often = _often(posted[author, text])
                return broken(
                    f"{node} shows {author}: {text} for the {_nth(number)} time, and {author} posted it {often}."
                )
    return holds() if looked else inconclusive("No post reached another screen.")


def _often(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


@property_of(
    "lab05",
    points=4,
    title="no answer before its question",
    hint="What stood on the author's screen, and how can a receiver know what that was?",
    needs=("CausalBroadcast",),
    worlds=BROADCAST,
    shown=without_replies,
)
def no_answer_before_its_question(run: Run | View) -> Answer:
    """No screen shows a post before one that happened before it."""
    screens = screens_in(run)
    looked = False
    for node, screen in screens.items():
        for place, line in enumerate(screen):
            author = line[0]
            if author == node or line not in screens.get(author, ()):
                continue
            for earlier in screens[author][: screens[author].index(line)]:
                looked = True
                if earlier not in screen[:place]:
                    return broken(
                        f"{node} shows {_in_words(line)!r} without {_in_words(earlier)!r}, "
                        f"which stood on {author}'s screen when {author} wrote it."
                    )
    return holds() if looked else inconclusive("No post that reached another screen had one before it.")


@property_of(
    "lab05",
    points=3,
    title="every post everywhere",
    hint="Was the post thrown away, taken for a copy, or does it still wait? For what, and who looks at it again?",
    needs=("CausalBroadcast",),
    worlds=BROADCAST[1:],
    shown=without_replies,
    live=True,
)
def every_post_everywhere(run: Run) -> Answer:
    """When all messages have arrived, every screen shows every post."""
    posted = _posted(run)
    if not posted:
        return inconclusive("Nobody posted anything.")
    if not _all_have_arrived(run):
        return inconclusive("When the run ended, messages were still on their way.")
    for node, screen in screens_in(run).items():
        shown = _counts(screen)
        for (author, text), count in posted.items():
            if shown[author, text] < count:
                often = f"{author} posted {text!r}{'' if count == 1 else f' {_often(count)}'}"
                instead = f"shows it {_often(shown[author, text])}" if shown[author, text] else "does not show it"
                return broken(f"{often}, all messages have arrived, and {node} {instead}.")
    return holds()


def _all_have_arrived(run: Run) -> bool:
    """Whether everything that a node was sent has reached it."""
    arrived = {event.cause for event in run.trace if event.kind == "deliver"}
    return all(event.id in arrived for event in run.trace if event.kind == "send" and event.dst in run.states)


def _counts(screen: Sequence[Line]) -> Counter[tuple[str, str]]:
    return Counter((author, text) for author, text, _ in screen)
