"""lab02: exactly-once calls. The mistakes that students make with retries, memory and crashes."""

from __future__ import annotations

from autograder.mutants import Mutant

READS = """\
        saved = self.storage.get("state", {"charges": {}, "answers": {}})
        self.charges = dict(saved["charges"])  # how many times has each card been charged?
        self.answers = dict(saved["answers"])  # what did I answer last, to each client?
"""
READS_TWO_KEYS = """\
        self.charges = dict(self.storage.get("charges", {}))
        self.answers = dict(self.storage.get("answers", {}))
"""
SAVES = """\
        self.storage["state"] = {"charges": self.charges, "answers": self.answers}
"""
SAVES_CHARGES = """\
        self.storage["charges"] = self.charges
"""
SAVES_ANSWERS = """\
        self.storage["answers"] = self.answers
"""
CARRIES_OUT = """\
        if self.is_new(request):
            self.charges[request.card] = self.charges.get(request.card, 0) + 1
            self.keep"""
ANSWERS_ALWAYS = """\
            self.keep(request, Reply(request.number, request.card, self.charges[request.card]))
        self.answer(request, client)
"""
ANSWERS_ONCE = """\
            self.keep(request, Reply(request.number, request.card, self.charges[request.card]))
            self.answer(request, client)
"""
CANCELS = """\
        if self.is_new(request):
            self.keep(request, Cancelled(request.number))
        self.answer(request, client)
"""
CANCELS_WITHOUT_TRACE = """\
        if self.is_new(request):
            self.send(client, Cancelled(request.number))
        else:
            self.answer(request, client)
"""
CANCELS_ANYTHING = """\
        self.keep(request, Cancelled(request.number))
        self.answer(request, client)
"""
ASKS_AGAIN = """\
    def ask_again(self, due):
        \"\"\"There was no answer: ask again, for the same operation.\"\"\"
        ### BEGIN SOLUTION
"""
GIVES_UP = """\
        self.gives_up = True
        self.ask()
"""
CANCELS_TIMERS = """\
            self.cancel_timer(timer(self.number))
"""
STOPS_WAITING = """\
        self.tell(Unknown())

    def tell"""
IS_MEANT_FOR_ME = """\
        if request.incarnation != self.incarnation:
            self.refuse(request, client)
            return
        if self.is_new(request):
            """


def mutant(name: str, mistake: str, edits: dict[str, str], *breaks: str) -> Mutant:
    return Mutant("lab02", name, mistake, edits, frozenset(breaks))


MUTANTS = [
    mutant(
        "does what it is asked",
        "Charges whenever a request comes, also when it has come before.",
        {CARRIES_OUT: CARRIES_OUT.replace("self.is_new(request)", "True")},
        "carried out once",
        "cancelled for good",
        "at most once",
        "failed is final",
    ),
    mutant(
        "remembers in memory only",
        "Stores the charges, but keeps its answers in memory: after a crash it takes each repetition for new.",
        {'self.answers = dict(saved["answers"])': "self.answers = {}"},
        "carried out once",
        "cancelled for good",
        "at most once",
        "failed is final",
    ),
    mutant(
        "stores nothing",
        "Keeps charges and answers in memory: a crash undoes what it has answered.",
        {SAVES: ""},
        "cancelled for good",
        "answered is kept",
        "failed is final",
        "done is done",
    ),
    mutant(
        "effect first, then the reply",
        "Stores the charge and the answer in two writes: killed in between, it has charged and does not know for whom.",
        {READS: READS_TWO_KEYS, SAVES: SAVES_CHARGES + SAVES_ANSWERS},
        "carried out once",
        "cancelled for good",
        "at most once",
        "failed is final",
    ),
    mutant(
        "the reply first, then the effect",
        "The same two writes the other way round: killed in between, it replies to what it has never done.",
        {READS: READS_TWO_KEYS, SAVES: SAVES_ANSWERS + SAVES_CHARGES},
        "answered is kept",
        "done is done",
    ),
    mutant(
        "has told you once",
        "Drops what it has carried out before: a reply that is lost is lost.",
        {ANSWERS_ALWAYS: ANSWERS_ONCE},
        "every request is answered",
    ),
    mutant(
        "takes what is old for new",
        "Asks whether the number is another one than the latest, not whether it is higher.",
        {"request.number > known.number": "request.number != known.number"},
        "carried out once",
        "cancelled for good",
        "at most once",
        "failed is final",
    ),
    mutant(
        "one memory for all clients",
        "Keeps one latest answer for all clients together, so that the number of one hides that of another.",
        {
            "known = self.answers.get(request.client)": 'known = self.answers.get("latest")',
            "self.answers[request.client] = answer": 'self.answers["latest"] = answer',
            "kept = self.answers[request.client]": 'kept = self.answers["latest"]',
        },
        "every request is answered",
        "answered is kept",
        "by its deadline",
        "its own reply",
        "done is done",
    ),
    mutant(
        "never forgets",
        "Keeps the answer to every operation, for ever.",
        {
            "self.answers[request.client] = answer": "self.answers[request.client] = answer; self.all += [answer]",
            READS: READS + "        self.all = []\n",
        },
        "memory stays small",
    ),
    mutant(
        "a cancel leaves no trace",
        "Answers Cancelled, and does not remember it: the late request is carried out.",
        {CANCELS: CANCELS_WITHOUT_TRACE},
        "cancelled for good",
        "failed is final",
    ),
    mutant(
        "cancels what is done",
        "Answers Cancelled also to what it has carried out.",
        {CANCELS: CANCELS_ANYTHING},
        "carried out once",
        "cancelled for good",
        "at most once",
        "failed is final",
    ),
    mutant(
        "a new number for each try",
        "Counts on when it asks again, so that the server takes each try for another operation.",
        {
            ASKS_AGAIN: ASKS_AGAIN + "        self.number += 1\n",
            CANCELS_TIMERS: "            [self.cancel_timer(timer(number)) for number in range(self.number + 1)]\n",
        },
        "at most once",
        "failed is final",
        "at most once, without storage",
        "failed is final, without storage",
    ),
    mutant(
        "any answer is mine",
        "Takes whatever answer comes for the answer to the operation under way.",
        {"self.passenger is not None and answer.number == self.number": "self.passenger is not None"},
        "its own reply",
        "failed is final",
        "done is done",
        "its own reply, without storage",
        "failed is final, without storage",
    ),
    mutant(
        "asks once",
        "Never asks again.",
        {"        self.set_timer(RetryDue(self.number), after=RETRY)\n": ""},
        "by its deadline",
        "by its deadline, without storage",
    ),
    mutant(
        "waits for ever",
        "Has no deadline: while the server is away, it asks and asks.",
        {"        self.set_timer(Deadline(self.number), after=charge.within)\n": ""},
        "by its deadline",
        "by its deadline, without storage",
    ),
    mutant(
        "silence means failed",
        "Tells Failed at the deadline, though its requests may be under way, or carried out.",
        {STOPS_WAITING: STOPS_WAITING.replace("Unknown()", "Failed()")},
        "failed is final",
        "failed is final, without storage",
    ),
    mutant(
        "to cancel is to have failed",
        "Tells Failed as soon as it has sent its cancel.",
        {GIVES_UP: GIVES_UP + "        self.tell(Failed())\n"},
        "failed is final",
        "failed is final, without storage",
    ),
    mutant(
        "silence means done",
        "Tells Done at the deadline: it has asked so often that it must have got through.",
        {STOPS_WAITING: STOPS_WAITING.replace("Unknown()", "Done(self.card, 1)")},
        "its own reply",
        "done is done",
        "its own reply, without storage",
    ),
    mutant(
        "timers outlive the call",
        "Leaves its timers set when a call is over: the deadline of the last one ends the next one.",
        {CANCELS_TIMERS: "            pass\n", STOPS_WAITING: "        if self.passenger:\n    " + STOPS_WAITING},
        "by its deadline",
        "by its deadline, without storage",
    ),
    mutant(
        "the same in every life",
        "Gives each incarnation the same number.",
        {'        self.incarnation = self.storage.get("incarnation", 0) + 1\n': "        self.incarnation = 1\n"},
        "at most once, without storage",
        "older requests are refused",
        "failed is final, without storage",
    ),
    mutant(
        "carries out for the dead",
        "Does not look at the incarnation of a request.",
        {IS_MEANT_FOR_ME + "charges =": "        if self.is_new(request):\n            charges ="},
        "at most once, without storage",
        "older requests are refused",
        "failed is final, without storage",
    ),
    mutant(
        "cancels for the dead",
        "Promises that an operation was never carried out, although it was meant for an earlier incarnation.",
        {IS_MEANT_FOR_ME + "self.answers": "        if self.is_new(request):\n            self.answers"},
        "older requests are refused",
        "failed is final, without storage",
    ),
    mutant(
        "tries the next incarnation",
        "Asks the new incarnation for an operation that the old one may have carried out.",
        {"if self.meant_for == 0:": "if True:"},
        "at most once, without storage",
        "failed is final, without storage",
    ),
    mutant(
        "each refusal is the end",
        "Does not see that a refusal is an old one: it comes twice, and the second ends the call.",
        {" or refused.incarnation <= self.meant_for:": ":"},
        "by its deadline, without storage",
    ),
    mutant(
        "never learns",
        "Keeps to the first incarnation that it has met: each call after a crash is refused.",
        {"max(self.incarnation, refused.incarnation)": "self.incarnation or refused.incarnation"},
        "by its deadline, without storage",
    ),
    mutant(
        "never forgets, without storage",
        "Keeps every request in memory, for ever.",
        {
            "self.answers[request.client] = Reply(": "self.all += [request]; self.answers[request.client] = Reply(",
            "self.charges, self.answers = {}, {}": "self.charges, self.answers, self.all = {}, {}, []",
        },
        "memory stays small, without storage",
    ),
    mutant(
        "does nothing",
        "Handles everything, and says nothing.",
        {
            "            self.send(client, kept)\n": "            pass\n",
            "        self.send(self.passenger, outcome)\n": "",
            "        self.send(client, Refused(request.number, self.incarnation))\n": "        pass\n",
            "            self.send(client, last)\n": "            pass\n",
        },
        "every request is answered",
        "by its deadline",
        "by its deadline, without storage",
    ),
]
