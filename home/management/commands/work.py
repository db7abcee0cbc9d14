"""One worker of the task queue, whichever queue the settings name."""

import logging
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections
from django_tasks import task_backends
from django_tasks_db import DatabaseBackend

from home import outages

log = logging.getLogger(__name__)

#: Seconds before the database or the queue is asked again.
PAUSE = 2.0


class Command(BaseCommand):
    help = "Runs the tasks that pages and the clock hand out. Start as many, on as many machines, as you like."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--interval", type=float, default=0.2, help="seconds between two looks at a database queue")

    def handle(self, *args: Any, **options: Any) -> None:
        """Goes on through an outage: what a task had begun stands in rows, and the tick asks for it again."""
        while True:
            try:
                _serve(options)
                return
            except outages.DATABASE + outages.QUEUE as error:
                log.warning("the worker waits for what it cannot reach: %r", error)
                connections.close_all()
                time.sleep(PAUSE)


def _serve(options: dict[str, Any]) -> None:
    if isinstance(task_backends["default"], DatabaseBackend):
        call_command("db_worker", queue_name="*", interval=options["interval"], verbosity=options["verbosity"])
    else:
        # Its jobs know the tasks of Django's interface; rq's own class does not.
        call_command("rqworker", "default", job_class="django_tasks_rq.Job", verbosity=options["verbosity"])
