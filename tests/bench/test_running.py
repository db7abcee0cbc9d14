from contextlib import contextmanager

import pytest

from bench.figures import Bound, Figure, Place, missing, plain, ratio
from bench.running import Outcome, medians, run
from bench.table import number, summary, told
from sandbox.postgres import PostgresMissing


def a_figure(contenders, *bounds, **more):
    @contextmanager
    def stand(place):
        yield contenders

    return Figure(name="fake", about="Nothing much", stand=stand, bounds=bounds, **more)


def measured(figure, tmp_path, runs=3):
    return run(figure, Place(tmp_path, full=False), runs, say=lambda _line: None)


def verdicts(outcome):
    return [one.verdict for one in outcome.bounds]


def test_contenders_take_turns(tmp_path):
    turns = []

    def contender(name):
        return lambda: turns.append(name) or {"n": 1.0}

    measured(a_figure({name: contender(name) for name in "abc"}), tmp_path, runs=2)

    assert turns == ["a", "b", "c", "a", "b", "c"]


def test_medians_are_of_each_measure():
    turns = [
        {"per_second": 5.0, "p99_ms": 1.0},
        {"per_second": 90.0, "p99_ms": 3.0},
        {"per_second": 7.0, "p99_ms": 2.0},
    ]

    assert medians({"ours": turns}) == {"ours.per_second": 7.0, "ours.p99_ms": 2.0}


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        ({"at_least": 0.8}, "held"),
        ({"at_least": 0.81}, "missed"),
        ({"at_most": 0.8}, "held"),
        ({"at_most": 0.79}, "missed"),
    ],
)
def test_a_bound_is_held_or_missed_by_its_median(tmp_path, asked, verdict):
    contenders = {"ours": lambda: {"rate": 80.0}, "limit": lambda: {"rate": 100.0}}

    outcome = measured(a_figure(contenders, Bound("of the limit", ratio("ours.rate", "limit.rate"), **asked)), tmp_path)

    assert verdicts(outcome) == [verdict]
    assert outcome.is_missed == (verdict == "missed")


@pytest.mark.parametrize("contenders", [{"peer": missing("no such package")}, {}], ids=["says so", "is not there"])
def test_what_is_compared_with_a_missing_peer_is_not_measured(tmp_path, contenders):
    bounds = (
        Bound("times theirs", ratio("ours.rate", "peer.rate"), at_least=2),
        Bound("", plain("ours.rate"), at_least=1),
    )
    figure = a_figure({"ours": lambda: {"rate": 80.0}} | contenders, *bounds, peers=frozenset({"peer"}))

    outcome = measured(figure, tmp_path)

    assert verdicts(outcome) == ["not measured", "held"]
    assert list(outcome.missing) == ["peer"]
    assert (outcome.is_missed, outcome.is_incomplete) == (False, True)
    assert "– not measured (≥ 2) times theirs" in told(outcome)
    assert summary([outcome]) == "1 bounds hold, 0 are missed, 1 were not measured."


def test_a_bound_on_what_nobody_measures_is_a_mistake(tmp_path):
    with pytest.raises(KeyError, match=r"ours\.speed"):
        measured(a_figure({"ours": lambda: {"rate": 1.0}}, Bound("", plain("ours.speed"), at_least=1)), tmp_path)


def test_a_contender_that_is_no_peer_may_not_be_missing(tmp_path):
    with pytest.raises(Exception, match="no such package"):
        measured(a_figure({"ours": missing("no such package")}), tmp_path)


def test_without_postgresql_nothing_is_measured_and_nothing_passes(tmp_path):
    @contextmanager
    def stand(place):
        raise PostgresMissing("no PostgreSQL server is installed: make services installs one")
        yield {}

    figure = Figure("fake", "Nothing much", stand, bounds=(Bound("", plain("ours.rate"), at_least=1),))

    outcome = measured(figure, tmp_path)

    assert (verdicts(outcome), outcome.is_incomplete) == (["not measured"], True)
    assert "make services installs one" in told(outcome)


def test_an_outcome_is_what_it_was_after_json(tmp_path):
    figure = a_figure({"ours": lambda: {"rate": 2.0}}, Bound("", plain("ours.rate"), at_least=1))

    outcome = measured(figure, tmp_path)

    assert Outcome.from_json(outcome.as_json()) == outcome


def test_the_table_aligns_measures_that_not_all_have(tmp_path):
    contenders = {"ours": lambda: {"rate": 1234.5, "cpu_ms": 0.61234}, "limit": lambda: {"rate": 3.0}}

    lines = told(measured(a_figure(contenders), tmp_path)).splitlines()

    assert lines[1:4] == ["  median of 3   rate  cpu_ms", "  ours         1,234   0.612", "  limit            3"]


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0123456, "0.0123"), (100_000.4, "100,000"), (7.0, "7"), (99.95, "100")]
)
def test_numbers_are_short_and_plain(value, shown):
    assert number(value) == shown
