"""What gunicorn writes of a request: by a real server, in a process of its own."""

import json
import os
import subprocess
import sys

import requests
from urllib3.util import Retry

from config import ROOT
from tests.home.far_end import free_port

APPLICATION = """
from home.logs.request_ids import HEADER
def application(environ, start_response):
    start_response("200 OK", [(HEADER, "abcdef0123456789")])
    if environ["PATH_INFO"] == "/fault":
        raise ValueError("rosalie@courriel.example")
    return [b"ok"]
"""
TOKEN = "WyIxIiwwLDFd:abcdefghijklmnopqrstuvwxyz0123"


def lines_of(tmp_path, access_log):
    (tmp_path / "answering.py").write_text(APPLICATION)
    port = free_port()
    environment = os.environ | {
        "BIND": f"127.0.0.1:{port}", "ACCESS_LOG": access_log, "WEB_WORKERS": "1", "LOG_FORMAT": "json",
        "PYTHONPATH": str(tmp_path),
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "site/gunicorn.conf.py"), "--no-control-socket"]
    command += ["answering:application"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=ROOT)
        try:
            session = requests.Session()
            patient = requests.adapters.HTTPAdapter(max_retries=Retry(20, 20, backoff_factor=0.1))
            session.mount("http://", patient)
            session.get(f"http://127.0.0.1:{port}/fr/ma/{TOKEN}/?name=Rosalie", timeout=20)
            requests.get(f"http://127.0.0.1:{port}/fault", timeout=20)
        finally:
            process.terminate()
            process.wait(20)
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


def test_a_line_a_request_without_who_asked_or_the_keys(tmp_path):
    lines = lines_of(tmp_path, "1")
    first = next(line for line in lines if line["logger"] == "gunicorn.access")
    assert (first["method"], first["path"], first["status"]) == ("GET", "/fr/ma/…/", 200)
    assert first["request"] == "abcdef0123456789" and isinstance(first["ms"], int)
    written = json.dumps(lines, ensure_ascii=False)
    assert "ValueError" in written
    for secret in (TOKEN, TOKEN[-20:], "Rosalie", "rosalie"):
        assert secret not in written


def test_no_line_a_request_unless_it_is_asked_for(tmp_path):
    assert {line["logger"] for line in lines_of(tmp_path, "0")} == {"gunicorn.error"}
