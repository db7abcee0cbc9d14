"""Whether a campaign of a million contributions costs what one of ten thousand does, on PostgreSQL.

Three databases of one server, each with its cooperative (bench/growth_rows.py). What a page takes is the processor's
time of this process and of its connection's process at the server, of the view as it is, nothing cached. A check and an
export are of all rows, so they are weighed by the row; the export runs apart, for its memory, beside a COPY of its
query.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.figures import Bound, Contender, Figure, Place, Reading, ratio
from bench.installation import ROOT, Installed, installed

if TYPE_CHECKING:
    from bench.growth_rows import Crowd

SIZES = {"small": 10_000, "middle": 100_000, "large": 1_000_000}
#: How often a page is asked for in one reading, after once to warm up.
TIMES = 20


@contextmanager
def stand(place: Place) -> Iterator[Mapping[str, Contender]]:
    with installed(place.folder) as site:
        growth = importlib.import_module("bench.growth_site")  # only now: its models need Django
        template = site.database.dbname
        crowds = {name: growth.make(name, template, place.size(count)) for name, count in SIZES.items()}
        yield {name: partial(_measured, site, growth, name, crowd) for name, crowd in crowds.items()}


def _measured(site: Installed, growth: Any, name: str, crowd: Crowd) -> Reading:
    growth.use(name)
    found = {}
    for page, ask in growth.pages(crowd).items():
        ask()
        found[f"{page}_ms"] = 1000 * growth.cpu(ask, TIMES)
    found["check_us"] = 1e6 * growth.cpu(growth.check, 1) / crowd.pledges
    return found | _export(site, growth, name)


def _export(site: Installed, growth: Any, name: str) -> dict[str, float]:
    """COPY before and after, so that a machine that slows down slows both."""
    before = growth.copied()
    done = subprocess.run(
        [sys.executable, "-m", "bench.growth_export", name],
        cwd=ROOT,
        env=os.environ | site.environment | {"PYTHONPATH": f"{ROOT / 'site'}:{ROOT}"},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-2000:])
    said = json.loads(done.stdout.splitlines()[-1])
    rate = (before + growth.copied()) / 2
    return {"export_mb": said["peak_mb"], "export_per_second": said["per_second"], "copy_per_second": rate}


def _same(measure: str, says: str) -> Bound:
    return Bound(
        f"{says}, the largest against the smallest", ratio(f"large.{measure}", f"small.{measure}"), at_most=1.3
    )


FIGURE = Figure(
    name="growth",
    about="10,000, 100,000 and 1,000,000 contributions on PostgreSQL: what pages, checks and exports cost",
    stand=stand,
    bounds=(
        _same("page_ms", "Campaign page"),
        _same("home_ms", "Editor's home"),
        _same("first_ms", "First page of backers"),
        _same("last_ms", "Last page of backers"),
        _same("check_us", "check_ledger by the row"),
        Bound(
            "MB more for an export of the largest",
            lambda medians: medians["large.export_mb"] - medians["small.export_mb"],
            at_most=10,
        ),
        Bound("of COPY's rate by an export", ratio("large.export_per_second", "large.copy_per_second"), at_least=0.25),
    ),
)
