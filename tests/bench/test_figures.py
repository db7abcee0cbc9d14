from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

import bench
from bench.__main__ import found_in
from bench.figures import Bound, Figure, PeerMissing, Place
from bench.peers.installing import or_missing
from sandbox.redis import RedisMissing

OURS = found_in(Path(bench.__file__).parent)


@pytest.mark.parametrize("name", OURS)
def test_a_figure_is_named_as_its_module_and_bounds_what_it_says(name):
    figure = import_module(f"bench.{name}").FIGURE

    assert isinstance(figure, Figure)
    assert figure.name == name
    assert all(isinstance(one, Bound) and one.says for one in figure.bounds)
    assert all((one.at_least, one.at_most) != (None, None) for one in figure.bounds)


def test_sizes_are_a_tenth_unless_asked_for_in_full(tmp_path):
    assert [Place(tmp_path, full).size(100_000) for full in (True, False)] == [100_000, 10_000]
    assert Place(tmp_path, full=False).size(3) == 1


@pytest.mark.parametrize("why", [PeerMissing("no such package"), RedisMissing("no redis-server is installed")])
def test_a_peer_that_cannot_stand_says_so_when_its_turn_comes(why):
    @contextmanager
    def stand():
        raise why
        yield

    with or_missing(stand()) as contender, pytest.raises(PeerMissing, match=str(why)):
        contender()


def test_a_peer_that_stands_is_ended_with_its_figure():
    ended = []

    @contextmanager
    def stand():
        yield lambda: {"rate": 2.0}
        ended.append(True)

    with or_missing(stand()) as contender:
        assert contender() == {"rate": 2.0}
        assert ended == []
    assert ended == [True]
