"""The queue is a hint: losing it loses no work and breaks no page."""

import os
import subprocess
import sys

from config import ROOT
from sandbox.processes import free_port

ASK = """
from home.tasks import worker_heartbeat
result = worker_heartbeat.enqueue()
print(result.status, result.task.module_path)
"""


def test_a_task_that_cannot_be_queued_is_left_to_the_tick():
    environment = os.environ | {"TASK_QUEUE": "rq", "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", ASK],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["READY", "home.tasks.worker_heartbeat"]
    assert "the tick will ask again" in done.stderr
