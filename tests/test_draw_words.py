"""A run in words, and the page that shows both."""

import re
from html.parser import HTMLParser

import pytest
from draw_samples import (
    SAMPLES,
    Run,
    bank_with_duplicates,
    call_and_reply,
    chatter,
    crash_and_restart,
    heartbeats,
    lost_reply,
    partition_and_heal,
)

from ds101.draw import as_html, as_text
from ds101.draw.wording import call_text, cut, duration, fit, plain, shorter_forms, text_width, wrap
from ds101.trace import Trace


def test_a_run_is_told_in_numbered_lines():
    assert as_text(lost_reply()).split("\n") == [
        "  1  31.2 ms  ada → n1  Move(amount=10)",
        "  2  31.2 ms  n1 → ada  Moved(amount=10, balance=90)   ✗ dropped",
        "  3   131 ms  ada       ✗ Move: Timeout after 0.1 s",
        "  4   132 ms  ada → n1  Move(amount=10)",
        "  5   132 ms  n1 → ada  Moved(amount=10, balance=80)",
    ]


def test_the_words_tell_crashes_pauses_and_lateness():
    lines = as_text(crash_and_restart())
    assert "n2       ✗ crashed: killed" in lines
    assert "n1 → n2  Put(key='x', value=2)   ✗ n2 is down" in lines
    assert "n3       is paused" in lines
    assert "n1 → n3  Put(key='x', value=2)   (sent 300 ms earlier)" in lines
    assert "n2       “recovered x = 1”" in lines
    assert "n3       prints  storing x = 2" in lines


def test_the_words_tell_partitions_and_their_end():
    lines = as_text(partition_and_heal())
    assert "✗ partition n1 | n2 n3" in lines
    assert "partition healed" in lines
    assert lines.count("✗ partition") == 4  # itself, and the three messages that it stopped


def test_the_words_tell_duplicates_and_what_did_not_arrive():
    lines = as_text(bank_with_duplicates())
    assert "(duplicate, sent 3.2 ms earlier)" in lines
    assert "Entry(number=3, amount=1000)   (arrival not seen)" in lines


def test_repeated_lines_are_told_once():
    lines = as_text(heartbeats(25)).split("\n")
    assert len(lines) == 20
    assert lines[-1].strip() == "↻ ×25: the 9 lines above, 24 more times (192 messages), until 1.30 s"


def test_the_words_are_bounded_and_say_what_is_left_out():
    lines = as_text(chatter(), at_most=9).split("\n")
    assert len(lines) == 9
    assert lines[6].strip() == "… 192 lines in between not shown …"
    assert lines[0].lstrip().startswith("1 ")
    assert "Gossip(version=199" in lines[-1]
    with pytest.raises(ValueError, match="shows nothing"):
        as_text(chatter(), at_most=0)


def test_every_message_of_a_run_has_one_line():
    text = as_text(chatter(), fold=False, at_most=None)
    assert sorted(int(number) for number in re.findall(r"version=(\d+)", text)) == list(range(200))


def test_faults_of_links_and_clocks_are_told():
    run = Run("n1", "n2")
    run.event("link", "", body={"fault": "l1", "a": "n1", "b": "n2", "delay": 0.05, "loss": 0.1, "one_way": True})
    run.event("skew", "n1", body={"offset": 5.0, "rate": 1.1})
    run.event("heal", "", body={"fault": "l1"}, detail="link")
    assert [line.split("ms", 1)[1].strip() for line in as_text(run.trace()).split("\n")] == [
        "link n1 → n2: delay 50 ms, loss 0.1",
        "n1  has its clock changed: +5 s, 1.1 times as fast",
        "link n1 → n2 as before",
    ]


def test_a_call_that_never_left_is_told():
    run = Run("n1", "ada")
    asked = run.invoke("ada.1", "Greet")
    run.event("fail", "ada", asked, type="Greet", detail="unreachable")
    assert "ada  calls Greet" in as_text(run.trace())
    assert "ada  ✗ Greet: unreachable" in as_text(run.trace())


def test_an_empty_trace_says_so():
    assert as_text(Trace([])) == "Nothing happened."


# The page


class Tags(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def test_the_page_has_the_picture_and_the_words_and_no_script():
    page = as_html(call_and_reply())
    reader = Tags()
    reader.feed(page)
    assert {"svg", "details", "summary", "pre"} <= set(reader.tags)
    assert "script" not in reader.tags
    assert not [name for name in reader.attributes if name.startswith("on")]
    assert "ada → n1  Greet(name=&#x27;Ada&#x27;)" in page


def test_the_page_escapes_what_nodes_say():
    run = Run("n1", "n2")
    run.message("n1", "n2", "Say", text="</pre></svg><script>alert(1)</script>")
    run.event("log", "n1", detail="<img src=x onerror=alert(1)>")
    reader = Tags()
    reader.feed(as_html(run.trace(), title="<script>"))
    assert not {"script", "img"} & set(reader.tags)


def test_the_page_shows_the_same_window_as_the_picture():
    page = as_html(chatter(), first=3)
    assert page.count("197 messages after this not shown") == 3  # in the picture, its description, and the words


def test_a_trace_draws_itself_in_a_notebook():
    bundle = call_and_reply()._repr_mimebundle_()
    assert "<svg" in bundle["text/html"]
    assert bundle["text/plain"].startswith("Trace(")
    assert call_and_reply().text(first=1).startswith("  1  35.2 ms  ada → n1     Greet(name='Ada')")


# Labels


def test_a_message_is_written_as_the_call_that_makes_it():
    assert call_text("Vote", {"term": 1, "granted": True, "log": None}) == "Vote(term=1, granted=True, log=None)"
    nested = {"entry": {"type": "Put", "body": {"key": "x"}}, "to": ["n1", "n2", "n3", "n4", "n5"], "at": {"n1": 2}}
    assert call_text("Do", nested) == "Do(entry=Put(key='x'), to=['n1', 'n2', 'n3', 'n4', …], at={'n1': 2})"
    assert len(call_text("Blob", {"data": "x" * 10_000})) < 60
    deep: object = 1
    for _ in range(50):
        deep = [deep]
    assert call_text("Deep", {"value": deep}) == "Deep(value=[[[…]]])"


def test_shorter_forms_get_shorter_down_to_the_name():
    forms = shorter_forms("Move", {"source": "alice", "target": "carol", "amount": 1000})
    assert forms[0] == "Move(source='alice', target='carol', amount=1000)"
    assert forms[-2:] == ["Move(…)", "Move"]
    assert [len(form) for form in forms] == sorted({len(form) for form in forms}, reverse=True)
    assert shorter_forms("Done", {}) == ["Done"]


def test_texts_are_cut_to_their_room():
    assert cut("abcdef", 4) == "abc…"
    assert text_width(fit("a long sentence that is too long", 80, 11), 11) <= 80
    lines = wrap("one two three four five six seven eight nine ten", 60, 11, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(text_width(line, 11) <= 60 for line in lines)
    assert wrap("unbreakable" * 10, 60, 11, 2)[0].endswith("…")


def test_what_could_confuse_a_terminal_or_a_reader_is_made_plain():
    assert plain("a\nb\tc") == "a b c"
    assert plain("\x1b[31mred\x00\u202eright\ud800") == "\ufffd[31mred\ufffd\ufffdright\ufffd"
    assert plain("é 漢字 →") == "é 漢字 →"


def test_times_are_told_in_the_unit_that_reads_best():
    assert [duration(seconds) for seconds in (0, 0.00034, 0.0999, 0.1, 0.9996, 61.5)] == [
        "0.0 ms",
        "0.3 ms",
        "99.9 ms",
        "100 ms",
        "1.00 s",
        "61.50 s",
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_can_be_told(name: str):
    lines = as_text(SAMPLES[name]()).split("\n")
    assert 3 < len(lines) <= 60
    assert max(len(line) for line in lines) <= 160
