"""From what was submitted to marks in nbgrader's gradebook. Only `autograder.execute` runs student code.

- course.py      the instructor's clone: its configuration, its labs, its secret
- source.py      one lab as its source says it, in nbgrader's own terms
- questions.py   which questions a lab asks, and with which seeds
- reading.py     a submission's files, read without trusting them
- tidying.py     a submission's notebook, rebuilt from what is valid in it
- prepare.py     submission -> job, or the reason why not
- cluster.py     jobs -> results, on Dask
- book.py        nbgrader's gradebook, and our two tables beside it
- record.py      result -> gradebook and files, one transaction each
- folders.py     what stands in autograded/, written so that a kill leaves no half of a file
- outputs.py     the notebook that is kept: what was sent, with what came of it
- preprocessor.py  the same marks, where stock nbgrader is run
- run.py         all of that for a class; regrade.py when it has marks already
- deadlines.py, late.py   when it was due, and what lateness costs
- tables.py, export.py, feedback.py, release.py, doctor.py   what people read and hand on
"""
