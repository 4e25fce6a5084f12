"""nbgrader's configuration: read by every `nbgrader` command run at the top of the clone, and by formgrader."""

import os
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

# A check may take a minute, and longer on a busy machine. After the usual 30 seconds it would be interrupted, and earn
# nothing; and 4 seconds later, if its output was late too, the whole submission would be given up.
c.Execute.timeout = 300
c.Execute.iopub_timeout = 60

# Where labs are released and handed in. A course on a shared machine sets one that all its members can reach.
c.Exchange.root = os.environ.get("DS101_EXCHANGE", str(root / "exchange"))
# A student's labs stay where the clone has them: `submit` takes them there, `fetch_feedback` puts feedback beside them.
c.Exchange.assignment_dir = str(root / "labs")
