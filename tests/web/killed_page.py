"""The work of a page in a process that a test kills: prints `sending` once some rows are sent, and goes on."""

import os
import sys
import time
from pathlib import Path

from importer.jobs.state import StateFolder
from importer.web.work import Work


def fail(error):
    raise error


work = Work(StateFolder.from_environment(os.environ), os.environ, "en", fail)
work.use_upload(Path(sys.argv[1]).name, Path(sys.argv[1]).read_bytes())
work.reach_at_start(sandbox=False, portal=None)
work.start_run()
while work.run.phase == "working":
    time.sleep(0.02)
work.run.answer(work.run.rows)
while work.run.event is None or work.run.event.kind != "rows" or not work.run.event.done:
    time.sleep(0.005)
sys.stdout.write("sending\n")
sys.stdout.flush()
work.run.wait()
