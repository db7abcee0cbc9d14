"""Database, demo and the table of addresses, in one process: Django starts once for all three."""

from __future__ import annotations

import argparse
import io
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import django
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.prepare")
    parser.add_argument("--addresses", type=Path, required=True, help="where to write the table's rows, as JSON")
    parser.add_argument("--wait-for", action="append", default=[], help="an address that must answer before the demo")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT / "site"))
    try:
        prepare(asked.addresses, asked.wait_for)
    except CommandError as error:  # written for a person: no traceback
        sys.exit(f"ERROR {error}")


def prepare(addresses: Path, wait_for: list[str]) -> None:
    """Migrate when there is something to; load the demo once `wait_for` answers; write the table's rows."""
    django.setup()
    if _has_migrations_to_apply():
        print("Preparing the database…", flush=True)
        call_command("migrate", verbosity=0, interactive=False)
    for url in wait_for:
        _wait_for(url)
    call_command("load_demo")
    rows = io.StringIO()
    call_command("demo_addresses", stdout=rows)
    addresses.write_text(rows.getvalue())


def _has_migrations_to_apply() -> bool:
    """Cheaper than `migrate`, which also looks after permissions when there is nothing to do."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _wait_for(url: str, patience: float = 30.0) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + patience
    while True:
        try:
            with opener.open(url, timeout=5):
                return
        except (OSError, urllib.error.URLError) as error:
            if time.monotonic() > end:
                raise SystemExit(f"{url} does not answer: {error}") from None
            time.sleep(0.1)


if __name__ == "__main__":
    main()
