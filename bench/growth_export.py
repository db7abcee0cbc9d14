"""Run apart (`python -m bench.growth_export DATABASE`): the list of backers, how fast it came and the most memory."""

from __future__ import annotations

import importlib
import json
import resource
import sys

import django


def main(database: str) -> None:
    django.setup()
    site = importlib.import_module("bench.growth_site")
    site.use(database)
    rate = site.exported()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"per_second": rate, "peak_mb": peak}))


if __name__ == "__main__":
    main(sys.argv[1])
