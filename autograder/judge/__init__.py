"""The judge: it never shares an interpreter with student code, and believes only what it sees.

The worlds, the explorer and the checks run here, as in a student's notebook. In place of the student's classes they
get stand-ins, which ask a sandbox: event bytes in, effects out. Each node has a sandbox of its own.

- house.py            the sandboxes of one submission; one starts when somebody knocks at its door
- line.py             a connection to a sandbox
- errors.py           what a sandboxed part can die of, as errors of the judge's own making
- words.py            texts and places out of a sandbox
- values.py           plain data out of a sandbox, and what stands for all other
- sandboxed_node.py   the stand-in for a node
- sandboxed_call.py   the stand-ins for functions and for classes that are no nodes
- solution.py         what was handed over, and the stand-ins for it
- within.py           a deadline for all of it
- judging.py          questions to marks
"""
