"""Periodic work, in a loop (or once, from cron)."""

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections

from home import outages, ticking

log = logging.getLogger(__name__)

#: Seconds before a database that is away is asked again.
PAUSE = 2.0


class Command(BaseCommand):
    help = "Runs periodic jobs as they come due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run what is due and stop")
        parser.add_argument("--interval", type=float, default=1.0, help="seconds between two looks")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if options["once"]:
            ticking.run_due()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.wait(options["interval"]):
            close_old_connections()
            try:
                ticking.run_due()
            except outages.DATABASE as error:
                log.warning("the tick waits for the database: %r", error)
                connections.close_all()
                stop.wait(PAUSE)
