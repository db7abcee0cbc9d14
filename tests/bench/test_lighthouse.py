"""What is read from Lighthouse's reports, and when a page misses its targets."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench import lighthouse

URL = "http://meule.localhost:8000/fr/"


def report(*requests, scores=(1, 1, 1, 1), shift=0, **more):
    names = ("performance", "accessibility", "best-practices", "seo")
    audits = {
        "cumulative-layout-shift": {"numericValue": shift},
        "largest-contentful-paint": {"numericValue": 1500},
        "first-contentful-paint": {"numericValue": 900},
        "total-blocking-time": {"numericValue": 0},
        "network-requests": {"details": {"items": [*requests]}},
        "image-alt": {"score": 0},
        "viewport": {"score": 1},
        "manual-check": {"score": None},
    }
    refs = [{"id": name, "weight": 1} for name in ("image-alt", "viewport", "manual-check")]
    categories = {name: {"score": score, "auditRefs": refs} for name, score in zip(names, scores, strict=True)}
    return {"requestedUrl": URL, "audits": audits, "categories": categories} | more


def request(size, kind="text/css", url="http://meule.localhost:8000/static/a"):
    return {"url": url, "transferSize": size, "mimeType": kind}


def test_bytes_before_images_are_all_but_those_of_images():
    found = lighthouse.figures_of(
        report(
            request(5_000, "text/html"), request(2_500), request(90_000, "image/webp"), request(500, "image/svg+xml")
        )
    )
    assert (found["KB before images"], found["KB images"]) == (7.5, 90.5)


def test_a_page_at_the_targets_misses_none():
    at = lighthouse.figures_of(report(request(60_000), scores=(0.95, 1, 1, 1)))
    assert lighthouse.missed(at) == []


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (report(scores=(0.94, 1, 1, 1)), "performance"),
        (report(scores=(1, 0.99, 1, 1)), "accessibility"),
        (report(scores=(1, 1, 0.99, 1)), "best-practices"),
        (report(scores=(1, 1, 1, 0.99)), "seo"),
        (report(shift=0.001), "layout shift"),
        (report(request(60_001)), "KB before images"),
        (report(request(10, url="http://large.localhost:8000/a")), "foreign requests"),
    ],
)
def test_each_target_can_be_missed(bad, expected):
    assert lighthouse.missed(lighthouse.figures_of(bad)) == [expected]


def test_what_a_page_lacks_is_named():
    assert lighthouse.lacking_of(report(scores=(0.5, 1, 1, 1))) == []
    assert lighthouse.lacking_of(report(scores=(1, 0.9, 1, 1))) == ["image-alt"]


def test_the_median_of_each_figure_counts():
    runs = [{"performance": score, "TBT ms": time} for score, time in ((90, 3), (100, 900), (96, 1))]
    assert lighthouse.medians(runs) == {"performance": 96, "TBT ms": 3}


def test_a_page_that_could_not_be_loaded_is_no_measure():
    with pytest.raises(lighthouse.CannotMeasure, match="no paint"):
        lighthouse.figures_of(report(runtimeError={"code": "NO_FCP", "message": "no paint"}))


def test_the_end_says_whether_a_target_was_missed(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(lighthouse, "ROOT", tmp_path)
    monkeypatch.setattr(lighthouse, "RESULTS", tmp_path / "results/lighthouse.json")
    good = (URL, lighthouse.figures_of(report()), [])
    bad = (URL + "four/", lighthouse.figures_of(report(scores=(1, 0.9, 1, 1))), ["image-alt"])
    assert lighthouse._report(iter([good]), 5) == 0
    assert lighthouse._report(iter([good, bad]), 5) == 1
    assert lighthouse._report(iter([]), 5) == 1
    assert "← accessibility, image-alt" in capsys.readouterr().out


@pytest.fixture
def site():
    """A site whose French pages name their English twins; its port."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self):
            host = self.headers["Host"]
            found = host.split(":")[0] in ("meule.localhost", "tremplin.localhost") and "gone" not in self.path
            self.send_response(200 if found else 404)
            self.end_headers()
            twins = [f'<link rel="alternate" hreflang="{one}" href="http://{host}/{one}/">' for one in ("fr", "en")]
            self.wfile.write("\n".join(twins).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def listed(tmp_path, port, path="/fr/"):
    rows = [
        {"what": "La Meule commune · fr", "address": f"http://meule.localhost:{port}{path}"},
        {"what": "Ma contribution · Camille", "address": f"http://meule.localhost:{port}/fr/contribuer/mon/x/"},
        {"what": "La Meule commune · Direction", "address": f"http://meule.localhost:{port}/admin/"},
    ]
    (tmp_path / "addresses.json").write_text(json.dumps(rows))
    return tmp_path / "addresses.json"


def test_public_pages_are_measured_in_both_languages_and_the_platforms_too(site, tmp_path):
    assert lighthouse.pages_of(listed(tmp_path, site), site) == [
        f"http://{host}.localhost:{site}/{language}/" for host in ("meule", "tremplin") for language in ("fr", "en")
    ]


def test_a_page_of_the_table_that_does_not_answer_stops_the_measure(site, tmp_path):
    with pytest.raises(lighthouse.CannotMeasure, match="answered 404"):
        lighthouse.pages_of(listed(tmp_path, site, "/fr/gone/"), site)


def test_without_its_tools_it_says_what_installs_them(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(lighthouse, "LIGHTHOUSE", tmp_path / "none")
    assert lighthouse.main(["--only", "x"]) == 2
    assert "make services" in capsys.readouterr().err
