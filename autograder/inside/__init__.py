"""What runs inside a sandbox: it answers for a student's classes and functions, bytes in, effects out.

Nothing here is trusted: a student's code shares its interpreter. What comes out is checked by `autograder.judge`, and
means only what the student's own code could have meant.

- __main__.py   the sandbox's first process: for each connection a fresh process
- confined.py  what a process that answers may not do
- protocol.py   questions, answers, and the frames that carry them
- trees.py      state as canonical bytes: equal states are equal bytes, in every process
- solution.py   a student's parts, as they arrive, and what they are
- stage.py      nodes: one handler after the other, in a life or from a given state
- calling.py    functions and objects that are no nodes
- answering.py  one connection: question by question
"""
