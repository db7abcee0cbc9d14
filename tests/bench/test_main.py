import json
from pathlib import Path

import pytest

from bench.__main__ import found_in, main

FAKES = Path(__file__).parent / "fakes"


@pytest.fixture
def bench(tmp_path):
    """Runs the fakes that are named: the exit code and what was written."""

    def go(*arguments):
        path = tmp_path / "out" / "bench.json"
        code = main([*arguments, "--json", str(path)], folder=FAKES, package="tests.bench.fakes")
        return code, json.loads(path.read_text())

    return go


def test_figures_are_found_by_what_modules_hold():
    assert found_in(FAKES) == ["broken", "sleeping", "steady"]


def test_a_missing_peer_shows_in_the_exit_code(bench):
    code, written = bench("steady")

    assert code == 2
    (figure,) = written["figures"]
    assert figure["missing"] == {"peer": "its package is not there"}
    assert figure["readings"] == {"ours": [{"per_second": 80.0}] * 3, "limit": [{"per_second": 100.0}] * 3}
    assert figure["medians"] == {"ours.per_second": 80.0, "limit.per_second": 100.0}
    assert [(one["value"], one["verdict"]) for one in figure["bounds"]] == [(0.8, "held"), (None, "not measured")]


def test_all_bounds_held(bench, monkeypatch):
    monkeypatch.setenv("FAKE_BOUNDS", "1")

    code, written = bench("steady", "--full")

    assert (code, written["full"]) == (0, True)
    assert len(written["figures"][0]["readings"]["ours"]) == 1


def test_one_that_crashes_is_told_and_the_others_go_on(bench, monkeypatch, capfd):
    monkeypatch.setenv("FAKE_RATE", "10")

    code, written = bench("broken", "steady", "--runs", "1")

    assert code == 1
    assert [one["failure"] for one in written["figures"]] == ["crashed", ""]
    assert written["figures"][0]["why"] == "RuntimeError: the shelf fell down"
    assert written["figures"][1]["bounds"][0]["verdict"] == "missed"
    said = capfd.readouterr().out
    assert "0 bounds hold, 1 are missed, 1 were not measured; crashed: broken." in said


def test_time_that_is_over_is_told(bench):
    code, written = bench("sleeping", "steady", "--within", "0.02")

    assert code == 1
    assert [one["failure"] for one in written["figures"]] == ["crashed", "crashed"]
    assert written["figures"][1]["why"] == "the time for all figures was over"


def test_a_name_that_is_no_figure_is_refused(bench, capsys):
    with pytest.raises(SystemExit):
        bench("helping")

    assert "there is no figure helping; there are broken, sleeping, steady" in capsys.readouterr().err
