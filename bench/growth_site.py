"""What bench/growth.py measures of one database of contributions (bench/growth_rows.py). Needs Django set up."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from bench.growth_rows import Crowd, gather
from home.csv_files import streamed
from home.models import Cooperative
from home.tenancy import across_cooperatives, within
from pledges import exports
from pledges.ledger_checks import all_findings

HERTZ = 100
LANGUAGE = "fr"


def make(database: str, template: str, count: int) -> Crowd:
    """A database of its own, and its contributions."""
    use("postgres")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {database} TEMPLATE {template}")
    use(database)
    return gather(count)


def use(database: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = database
    cache.clear()


def pages(crowd: Crowd) -> dict[str, Callable[[], None]]:
    """The views as they are: what was cached goes before each."""
    host = crowd.cooperative.site.hostname
    anyone, editor = Client(headers={"host": host}), Client(headers={"host": host})
    settings.PAGE_CACHE = False  # each page is made
    settings.SECOND_FACTOR_REQUIRED_FOR = ()  # what a page costs does not depend on how its reader came in
    editor.force_login(crowd.editor)
    backers = reverse("pledges_contributions")
    return {
        "page": _asking(anyone, crowd.page),
        "home": _asking(editor, reverse("wagtailadmin_home")),
        "first": _asking(editor, backers),
        "last": _asking(editor, f"{backers}?end=1"),
    }


def _asking(client: Client, path: str) -> Callable[[], None]:
    def ask() -> None:
        cache.clear()
        answer = client.get(path, secure=True)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.headers.get('location', '')}")

    return ask


def check() -> None:
    with across_cooperatives():
        if found := [str(one) for _number, one in zip(range(3), all_findings(), strict=False)]:
            raise RuntimeError(f"The rows are not sound: {found}")


def cpu(work: Callable[[], Any], times: int) -> float:
    """Seconds of the processor that it takes once, here and in the server's process of our connection."""
    connection.ensure_connection()
    server = connection.connection.info.backend_pid
    here, there = time.process_time(), _spent(server)
    for _turn in range(times):
        work()
    return (time.process_time() - here + _spent(server) - there) / times


def _spent(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / HERTZ


def exported() -> float:
    """Rows a second of the list of backers, as it is downloaded."""
    cooperative = Cooperative.objects.get(slug="meule")
    began = time.monotonic()
    with within(cooperative):
        rows = exports.backers(cooperative, exports.Wanted(), LANGUAGE)
        lines = sum(piece.count(b"\r\n") for piece in streamed(exports.backers_header(), rows, LANGUAGE))
    return lines / (time.monotonic() - began)


def copied() -> float:
    """Rows a second of the same columns in the same order, by COPY."""
    cooperative = Cooperative.objects.get(slug="meule")
    with within(cooperative):
        sql, given = exports.columns_of_backers(cooperative, exports.Wanted()).query.sql_with_params()
    connection.ensure_connection()
    began, rows = time.monotonic(), 0
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", given) as lines:
        for piece in lines:
            rows += bytes(piece).count(b"\n")
    return rows / (time.monotonic() - began)
