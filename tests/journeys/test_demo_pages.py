"""Every page of the demo, in both languages: found, accessible, reflowing, valid, asking nobody else for anything."""

import json
import re
import subprocess
from urllib.parse import urlsplit

import pytest
import requests

from tests.journeys import checks
from tests.journeys.stack import running_demo

pytestmark = pytest.mark.browser

SKIPPED = re.compile(r"^/(admin|documents|media|static)/|^/(fr|en)/brand/|\.(css|js|svg|png|webp|jpg)$")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with running_demo(tmp_path_factory.mktemp("demo")) as stack:
        yield stack


def crawl(browser, demo):
    """Every page that links lead to, from the addresses that `make run` prints; what each asked for."""
    page = browser.new_context(locale="fr-CA").new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    waiting = [
        row["address"] for row in demo.addresses if ".localhost" in row["address"] and "/admin/" not in row["address"]
    ]
    hosts = {urlsplit(address).netloc for address in waiting}
    seen = {}
    while waiting:
        address = waiting.pop().split("#")[0].split("?")[0]
        if address in seen or urlsplit(address).netloc not in hosts or SKIPPED.search(urlsplit(address).path):
            continue
        asked.clear()
        answer = page.goto(address)
        seen[address] = (answer.status, list(asked), page.content())
        waiting += page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        yield address, page, seen[address]


def test_every_page_of_the_demo(chromium, nu_checker, demo, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    axe, problems, pages = Axe(), [], 0
    for address, page, (status, asked, _content) in crawl(chromium, demo):
        pages += 1
        if status != 200:
            problems.append(f"{address}: {status}")
        host = urlsplit(address).netloc
        problems += [f"{address} asks {url}" for url in asked if urlsplit(url).netloc not in (host, "")]
        found = [*checks.accessibility(axe, page), *checks.reflow(page), *checks.keyboard(page)]
        problems += [f"{address}: {objection}" for objection in found]
        source = requests.get(address.replace(host, f"127.0.0.1:{demo.port}"), headers={"Host": host}, timeout=20)
        (tmp_path / f"{pages}.html").write_text(source.text)
    assert problems == []
    assert pages >= 30, "the crawl found too few pages to mean anything"
    assert objections(nu_checker, tmp_path) == []


def objections(checker, folder):
    """What the Nu checker objects to."""
    done = subprocess.run(
        ["java", "-jar", str(checker), "--format", "json", "--skip-non-html", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    messages = json.loads(done.stderr)["messages"]
    return [f"{one['url'].rsplit('/', 1)[-1]}:{one.get('lastLine')} {one['message']} {one.get('extract', '')[:120]}"
            for one in messages if one["type"] == "error" or one.get("subType") == "warning"]  # fmt: skip
