"""What instructors use to grade, and what proves that grading is right. README.md is the instructor's guide.

- commands.py    the instructor's commands of `ds101`
- jobs.py        what the phases hand to each other: a job, a result, a mark
- grading/       prepare and record, and all that people read: on the instructor's side, where no student code runs
- execute.py     the middle phase, a pure function of a job; host.py is the process in which it does its work
- sandbox/       the walls in which a student's program runs, kernel or node
- judge/         asks what is inside, from outside, and decides
- inside/        what answers the judge, inside a sandbox: all that students' code shares a process with
- kernels/       the kernel in which nbgrader's own commands run submissions, in a sandbox too
- attacks/       submissions that want what they don't deserve: none may get it
- mutants/       wrong solutions of each lab: each must fail exactly the properties listed for it
"""
