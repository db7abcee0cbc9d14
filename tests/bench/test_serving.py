import os
import sys

import pytest

from bench.load import LoadFailed, get, load, repeat
from bench.serving import clean_environment, production, running
from sandbox.postgres import Postgres
from sandbox.processes import free_port


def test_a_server_is_weighed_while_it_answers_and_gone_afterwards(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1"]

    with running(command, port, tmp_path / "log", folder=tmp_path) as server:
        with server.weighed() as spent:
            found = load(port, repeat(get("/", "localhost")), clients=2, requests=6)
        assert (found.requests, found.errors) == (6, [])
        assert server.pids == [server.pid]
        assert server.pss_mb > 1
        assert 0 <= spent.cpu_ms <= 1000 * server.cpu_seconds
        assert spent.seconds > 0

    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


def test_a_server_that_does_not_start_shows_what_it_said(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no such table')"]

    with pytest.raises(LoadFailed, match="no such table"), running(command, free_port(), tmp_path / "log"):
        pass


def test_a_server_is_told_only_what_was_meant_for_it(monkeypatch, tmp_path):
    for name in ("PGHOST", "DJANGO_SETTINGS_MODULE", "TREMPLIN_DATA", "HARMLESS"):
        monkeypatch.setenv(name, "here")

    assert {"PGHOST", "DJANGO_SETTINGS_MODULE", "TREMPLIN_DATA", "HARMLESS"} & clean_environment().keys() == {
        "HARMLESS"
    }

    told = production(tmp_path, Postgres("127.0.0.1", 5433, "tremplin", "shop"), EXTRA="1")
    assert (told["PGPORT"], told["PGDATABASE"], told["EXTRA"]) == ("5433", "shop", "1")
