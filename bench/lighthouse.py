"""Lighthouse on the demo's public pages: `make lighthouse`.

Starts the demo as `make run` does, on free ports and with data of its own, asks Lighthouse (mobile preset) several
times for each page in both languages, takes medians and compares them with the targets. Ends with 1 where one is
missed. `python -m bench.lighthouse --help` says what can be asked of it; `make services` installs what it needs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.processes import dies_with_parent, is_free, stop

ROOT = Path(__file__).resolve().parent.parent
LIGHTHOUSE = ROOT / ".tools/node_modules/.bin/lighthouse"
RESULTS = ROOT / "bench/results/lighthouse.json"
CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
#: No sandbox: the suite runs as root in containers. Nothing is asked of anybody but the page's own host.
CHROME_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --no-first-run"

#: The pages measured besides those that the demo's table lists; one that does not answer is left out.
MORE_PAGES = ("http://tremplin.localhost:{port}/fr/",)
#: The rows of that table which are public pages: a cooperative's home page, and its campaigns.
LISTED = re.compile(r"^Campaign · | · fr$")
TWIN = re.compile(r'<link rel="alternate" hreflang="[^"]+" href="([^"]+)"')

DEMO_READY_WITHIN = 300.0
RUN_WITHIN = 120.0
KB = 1000


@dataclass(frozen=True)
class Target:
    """What a page must reach: at least, or at most."""

    name: str
    bound: float
    at_least: bool

    def is_met(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound


TARGETS = (
    Target("performance", 95, at_least=True),
    Target("accessibility", 100, at_least=True),
    Target("best-practices", 100, at_least=True),
    Target("seo", 100, at_least=True),
    Target("layout shift", 0, at_least=False),
    Target("KB before images", 60, at_least=False),
    Target("foreign requests", 0, at_least=False),
)
#: Shown beside the targets, for who wants to know why.
SHOWN = ("LCP s", "FCP s", "TBT ms", "KB images")


class CannotMeasure(Exception):
    """Something is missing or did not answer; the text says what would help."""


# ---------------------------------------------------------------- one page


def figures_of(report: dict[str, Any]) -> dict[str, float]:
    """The figures of one run, by the names of the targets and of what is shown beside them."""
    if error := report.get("runtimeError"):
        raise CannotMeasure(f"{report['requestedUrl']}: {error['message']}")
    audits = report["audits"]
    requests = audits["network-requests"]["details"]["items"]
    host = urlsplit(report["requestedUrl"]).netloc
    scores = {name: round(category["score"] * 100) for name, category in report["categories"].items()}
    return scores | {
        "layout shift": audits["cumulative-layout-shift"]["numericValue"],
        "KB before images": sum(one["transferSize"] for one in requests if not _is_image(one)) / KB,
        "KB images": sum(one["transferSize"] for one in requests if _is_image(one)) / KB,
        "foreign requests": len([one for one in requests if urlsplit(one["url"]).netloc not in (host, "")]),
        "LCP s": audits["largest-contentful-paint"]["numericValue"] / 1000,
        "FCP s": audits["first-contentful-paint"]["numericValue"] / 1000,
        "TBT ms": audits["total-blocking-time"]["numericValue"],
    }


def _is_image(request: dict[str, Any]) -> bool:
    return str(request.get("mimeType", "")).startswith("image/")


def lacking_of(report: dict[str, Any]) -> list[str]:
    """The audits that cost a page its points, accessibility and the like: they are the same in every run."""
    wanted = [one for name, one in report["categories"].items() if name != "performance" and one["score"] < 1]
    names = [ref["id"] for category in wanted for ref in category["auditRefs"] if ref["weight"]]
    return [name for name in names if report["audits"][name]["score"] not in (None, 1)]


def measure(url: str, folder: Path) -> dict[str, Any]:
    """One run of Lighthouse's mobile preset, in a browser of its own."""
    report = folder / "report.json"
    command = [str(LIGHTHOUSE), url, "--quiet", "--output=json", f"--output-path={report}"]
    command += [f"--chrome-flags={CHROME_FLAGS}", "--no-enable-error-reporting", "--max-wait-for-load=45000"]
    environment = os.environ | {"CHROME_PATH": str(CHROMIUM), "CI": "1"}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=dies_with_parent()
    )
    try:
        said, _ = process.communicate(timeout=RUN_WITHIN)
    except subprocess.TimeoutExpired:
        stop(process)
        raise CannotMeasure(f"{url}: Lighthouse did not end within {RUN_WITHIN:.0f} s.") from None
    if process.returncode != 0:
        raise CannotMeasure(f"{url}: Lighthouse failed.\n{said.decode(errors='replace')[-2000:]}")
    return dict(json.loads(report.read_text()))


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


# ---------------------------------------------------------------- which pages


def pages_of(addresses: Path, port: int) -> list[str]:
    """Every page to measure, each followed by its other language."""
    rows = json.loads(addresses.read_text())
    wanted = [row["address"] for row in rows if LISTED.search(row["what"])]
    wanted += [page.format(port=port) for page in MORE_PAGES]
    found: dict[str, None] = {}
    for url in wanted:
        status, html = ask(url)
        if status == 200:
            found |= dict.fromkeys([url, *TWIN.findall(html)])
        elif url in (row["address"] for row in rows):
            raise CannotMeasure(f"{url} answered {status}.")
    return list(found)


def ask(url: str) -> tuple[int, str]:
    """Status and text of a page; by the loopback address, as Python may not resolve *.localhost."""
    place = urlsplit(url)
    request = urllib.request.Request(f"http://127.0.0.1:{place.port}{place.path}", headers={"Host": place.netloc})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return int(answer.status), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


# ---------------------------------------------------------------- the demo


@contextmanager
def running_demo() -> Iterator[tuple[int, Path]]:
    """`make run` on free ports, with data that is removed afterwards: its port and its table of addresses."""
    port = next(start for start in range(21000, 65000, 10) if all(map(is_free, range(start, start + 4))))
    with tempfile.TemporaryDirectory(prefix="tremplin-lighthouse-") as folder:
        data = Path(folder) / "data"
        environment = os.environ | {"TREMPLIN_DATA": str(data)}
        command = [sys.executable, "-m", "sandbox.run", "--port", str(port)]
        with (Path(folder) / "run.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, preexec_fn=dies_with_parent()
            )
        try:
            _wait_for(process, f"http://localhost:{port}/readyz", Path(folder) / "run.log")
            yield port, data / "addresses.json"
        finally:
            stop(process, patience=20)


def _wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + DEMO_READY_WITHIN
    while ask(url)[0] != 200:
        if process.poll() is not None or time.monotonic() > end:
            raise CannotMeasure(f"The demo did not start. It said:\n{log.read_text()[-2000:]}")
        time.sleep(0.5)


@contextmanager
def demo_at(port: int, data: Path) -> Iterator[tuple[int, Path]]:
    """A demo that somebody runs already."""
    if ask(f"http://localhost:{port}/readyz")[0] != 200:
        raise CannotMeasure(f"Nothing is ready at port {port}.")
    yield port, data / "addresses.json"


# ---------------------------------------------------------------- the whole


def measure_all(urls: list[str], runs: int, within: float) -> Iterator[tuple[str, dict[str, float], list[str]]]:
    """For each page its address, its medians and the audits it fails. Each page is visited once before it counts."""
    end = time.monotonic() + within
    for url in urls:
        ask(url)
        found, lacking = [], []
        with tempfile.TemporaryDirectory() as folder:
            for _run in range(runs):
                if time.monotonic() > end:
                    raise CannotMeasure(f"Not done within {within:.0f} s: measure fewer pages, or fewer times.")
                report = _measured(url, Path(folder))
                found.append(figures_of(report))
                lacking = lacking_of(report)
        yield url, medians(found), lacking


def _measured(url: str, folder: Path) -> dict[str, Any]:
    """A busy machine loses a browser's trace now and then: a run that failed is tried once more."""
    try:
        return measure(url, folder)
    except CannotMeasure as reason:
        print(f"Once more: {reason}", file=sys.stderr)
        return measure(url, folder)


def missed(figures: dict[str, float]) -> list[str]:
    return [target.name for target in TARGETS if not target.is_met(figures[target.name])]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.lighthouse", description="Lighthouse on the demo's pages.")
    parser.add_argument("--runs", type=int, default=5, help="how often each page is measured; the median counts")
    parser.add_argument("--only", default="", help="measure only the pages whose address contains this")
    parser.add_argument("--running", type=int, metavar="PORT", help="measure the demo that runs at this port")
    parser.add_argument("--data", type=Path, default=ROOT / "var", help="with --running: its data folder")
    parser.add_argument("--within", type=float, default=3600, help="give up after so many seconds")
    asked = parser.parse_args(arguments)
    if CHROMIUM is None or not LIGHTHOUSE.exists():
        print("Chromium and Lighthouse are needed: make services installs them.", file=sys.stderr)
        return 2
    try:
        with demo_at(asked.running, asked.data) if asked.running else running_demo() as (port, addresses):
            urls = [url for url in pages_of(addresses, port) if asked.only in url]
            return _report(measure_all(urls, asked.runs, asked.within), asked.runs)
    except CannotMeasure as reason:
        print(reason, file=sys.stderr)
        return 2


def _report(measured: Iterator[tuple[str, dict[str, float], list[str]]], runs: int) -> int:
    """Print a line for each page as it comes; write all of it down; 1 where a target is missed."""
    names = [*(target.name for target in TARGETS), *SHOWN]
    print("  ".join(name.rjust(max(len(name), 6)) for name in names))
    kept: list[dict[str, Any]] = []
    for url, figures, lacking in measured:
        lost = missed(figures)
        kept.append({"url": url, "figures": figures, "missed": lost, "lacking": lacking})
        cells = (f"{figures[name]:.4g}".rjust(max(len(name), 6)) for name in names)
        print("  ".join(cells), url, f"← {', '.join([*lost, *lacking])}" if lost else "", flush=True)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"runs": runs, "pages": kept}, indent=1))
    print(f"Medians of {runs}; written to {RESULTS.relative_to(ROOT)}.")
    return int(any(page["missed"] for page in kept) or not kept)


if __name__ == "__main__":
    sys.exit(main())
