"""`python -m bench`: every figure, or those that are named; `make bench` and `make bench FULL=1`.

A figure is a module of this folder that holds FIGURE. Each runs in a process of its own, so that one that crashes or
hangs takes nothing with it. Prints a table a figure, writes all readings as JSON; docs/benchmarks.md says how to read
them. Ends with 0 where every bound holds, 1 where one is missed or a figure crashed, 2 where something could not be
measured and all else held.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure, Place
from bench.machine import Load, Machine, load_now
from bench.running import Outcome, run
from bench.table import summary, told
from sandbox.processes import dies_with_parent, stop

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench/results/bench.json"
#: All figures at a tenth of their sizes.
WITHIN_MINUTES = 40.0


def found_in(folder: Path) -> list[str]:
    """The names of the modules that hold a FIGURE. They are read, not imported: some set up Django when they are."""
    return sorted(path.stem for path in folder.glob("*.py") if _holds_figure(path))


def _holds_figure(path: Path) -> bool:
    names: list[ast.expr] = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign):
            names += node.targets
        elif isinstance(node, ast.AnnAssign):
            names.append(node.target)
    return any(isinstance(name, ast.Name) and name.id == "FIGURE" for name in names)


# ---------------------------------------------------------------- one figure, in a process of its own


def measure_here(module: str, asked: argparse.Namespace, into: Path) -> None:
    """Run one figure in this process and write down what came of it, whatever it was."""
    outcome, begun = Outcome(module, "", asked.runs or 0, before=load_now()), time.monotonic()
    try:
        figure: Figure = importlib.import_module(module).FIGURE
        runs = asked.runs or (1 if asked.full else figure.runs)
        outcome = Outcome(figure.name, figure.about, runs, before=outcome.before)
        with tempfile.TemporaryDirectory(prefix=f"tremplin-bench-{figure.name}-") as folder:
            outcome = run(figure, Place(Path(folder), asked.full), runs, say=_progress)
    except Exception as error:  # noqa: BLE001  (whatever a figure raises is told of, and the others go on)
        traceback.print_exc()
        outcome.failure, outcome.why = "crashed", f"{type(error).__name__}: {error}"
        outcome.after, outcome.seconds = load_now(), time.monotonic() - begun
    into.write_text(json.dumps(outcome.as_json()))


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def measure_apart(module: str, arguments: list[str], within: float) -> Outcome:
    """The same in a process of its own; what it started ends with it."""
    before, begun = load_now(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tremplin-bench-") as folder:
        into = Path(folder) / "outcome.json"
        command = [sys.executable, "-m", "bench", module, "--into", str(into), *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=_environment(), preexec_fn=dies_with_parent())
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            why = f"it was not done {within / 60:.0f} minutes after it began, when the time for all figures was over"
            return _failed(module, before, begun, why)
        finally:
            stop(process, signal.SIGINT, patience=30)  # as Ctrl-C: it ends what it started
        if not into.exists():
            return _failed(module, before, begun, f"its process ended with {process.returncode}")
        return Outcome.from_json(json.loads(into.read_text()))


def _environment() -> dict[str, str]:
    """Of a figure: the repository and site/ can be imported from, in its servers too."""
    known = os.environ.get("PYTHONPATH", "")
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "site"), *filter(None, [known])])}


def _failed(module: str, before: Load, begun: float, why: str) -> Outcome:
    seconds = time.monotonic() - begun
    name = module.rpartition(".")[2]
    return Outcome(name, "", 0, before=before, after=load_now(), seconds=seconds, failure="crashed", why=why)


# ---------------------------------------------------------------- all of them


def measure_all(modules: list[str], asked: argparse.Namespace) -> list[Outcome]:
    """One after the other, told as they come, and written down after each: an interruption loses one figure."""
    outcomes: list[Outcome] = []
    until = time.monotonic() + 60 * asked.within
    passed = [f"--runs={asked.runs}"] if asked.runs else []
    passed += ["--full"] if asked.full else []
    for module in modules:
        left = until - time.monotonic()
        if left > 0:
            outcomes.append(measure_apart(module, passed, left))
        else:
            outcomes.append(_failed(module, load_now(), time.monotonic(), "the time for all figures was over"))
        print(told(outcomes[-1]), end="\n\n", flush=True)
        _write(asked.json, outcomes, asked.full)
    return outcomes


def _write(path: Path, outcomes: list[Outcome], full: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "full": full,
        "machine": Machine.here().as_json(),
        "figures": [outcome.as_json() for outcome in outcomes],
    }
    path.write_text(json.dumps(report, indent=1))


def exit_code(outcomes: list[Outcome]) -> int:
    if any(outcome.is_missed for outcome in outcomes):
        return 1
    return 2 if any(outcome.is_incomplete for outcome in outcomes) else 0


def main(arguments: list[str] | None = None, folder: Path = ROOT / "bench", package: str = "bench") -> int:
    known = found_in(folder)
    asked = _asked(arguments, known)
    modules = [f"{package}.{name}" for name in asked.names or known]
    if asked.into:
        measure_here(asked.names[0], asked, asked.into)
        return 0
    print(Machine.here())
    print(f"Now: {load_now()}. {'The stated sizes' if asked.full else 'A tenth of the stated sizes'}.")
    if load_now().is_busy:
        print("This machine is busy with something else: trust ratios of one run only, and those but roughly.")
    print(flush=True)
    outcomes = measure_all(modules, asked)
    print(summary(outcomes))
    print(f"Written to {asked.json}.")
    return exit_code(outcomes)


def _asked(arguments: list[str] | None, known: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure, and compare with the limit and peers."
    )
    parser.add_argument("names", nargs="*", help=f"the figures to run, of {', '.join(known)}; all if none is named")
    parser.add_argument("--full", action="store_true", help="the stated sizes, once; else a tenth of them, three times")
    parser.add_argument("--runs", type=int, help="how many turns each contender has")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where all readings are written")
    parser.add_argument("--within", type=float, help="minutes for all figures: 40, or as long as it takes if --full")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    asked.within = asked.within or (24 * 60 if asked.full else WITHIN_MINUTES)
    unknown = [] if asked.into else [name for name in asked.names if name not in known]
    if unknown:
        parser.error(f"there is no figure {', '.join(unknown)}; there are {', '.join(known)}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
