"""nbgrader's configuration: read by every `nbgrader` command run at the top of the clone, and by formgrader."""

import os
from importlib.util import find_spec
from pathlib import Path

root = Path(__file__).resolve().parent

c = get_config()  # noqa: F821  (nbgrader defines it)

c.CourseDirectory.course_id = "ds101"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
# Several graders may write at once: wait for a locked gradebook instead of losing a mark.
c.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}?timeout=60"

# What stands in a skeleton: one polite sentence that names the task, wherever it is met.
c.ClearSolutions.code_stub = {"python": "raise NotYet  # your code, in place of this line"}

# Where labs are released and handed in. A course on a shared machine sets one that all its members can reach.
c.Exchange.root = os.environ.get("DS101_EXCHANGE", str(root / "exchange"))
# A student's labs stay where the clone has them: `submit` takes them there, `fetch_feedback` puts feedback beside them.
c.Exchange.assignment_dir = str(root / "labs")

# From what the seeds of grading are derived. Without one, `ds101 grade` makes one and keeps it in `grading_secret`.
c.Ds101.secret = os.environ.get("DS101_SECRET", "")

# What a student deleted is put back.
c.OverwriteCells.add_missing_cells = True

# A student's clone has no autograder, and needs none.
if autograder := find_spec("autograder"):
    # Submissions run in a sandbox: see autograder/sandbox. What is saved keeps the kernel that it names.
    kernels = str(Path(autograder.origin).parent)  # Jupyter looks there for `kernels/ds101-graded`
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, (kernels, os.environ.get("JUPYTER_PATH"))))
    c.Execute.kernel_name = "ds101-graded"
    c.Execute.timeout = 60  # seconds for a cell: a check hands its solution over, and waits for nothing
    c.Execute.iopub_timeout = 60  # seconds: on a busy machine an output comes late, and is no reason to give up

    # What students wrote and printed runs nothing in formgrader and in feedback, also where it wasn't graded by ds101.
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.filters = {
        "clean_html": "autograder.sandbox.cleaning.clean",
        "markdown2html": "autograder.sandbox.harmless.markdown2html",
    }

    # What a mark is, says the judge; what lateness costs, says deadlines.csv. So nbgrader's own `autograde` and
    # formgrader's button write the same marks as `ds101 grade`.
    c.Autograde.autograde_preprocessors = [
        "nbgrader.preprocessors.Execute",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "autograder.grading.preprocessor.SaveJudgedGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.AssignLatePenalties.plugin_class = "autograder.grading.late.LatePenalty"

# What is yours alone, and no version of the course overwrites: a gradebook elsewhere, limits, a weaker isolation.
load_subconfig("my_course.py", path=str(root))  # noqa: F821  (it need not be there)
c.SandboxProvisioner.isolation = c.Ds101.get("isolation", "bubblewrap")  # nbgrader's own commands keep to it too
