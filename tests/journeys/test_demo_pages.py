"""Every page of the demo, in both languages: found, accessible, reflowing, valid, asking nobody else for anything."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, contextmanager
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
import requests

from tests.journeys import admin_crawl, checks
from tests.journeys.checks import DESK, PHONE
from tests.journeys.stack import running_demo
from tests.updates import archives

pytestmark = [pytest.mark.browser, pytest.mark.demo]

SKIPPED = re.compile(r"^/(admin|documents|media|static)/|^/(fr|en)/brand/|\.(css|js|svg|png|webp|jpg|pdf|rss|atom)$")

WIDTHS = (PHONE, DESK)

#: An update for backers alone: whoever has no link of their own is told so.
CLOSED = ("/le-plan-des-parcelles/", "/the-plan-of-the-plots/")


@pytest.fixture(scope="module")
def demo(tmp_path_factory, migrated):
    with running_demo(tmp_path_factory.mktemp("demo"), migrated) as stack:
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
        assert "unsafe" not in answer.headers["content-security-policy"], address
        seen[address] = (answer.status, list(asked), page.content())
        waiting += page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        yield address, page, seen[address]


#: Pages of one kind, host and language that are looked at closely.
ENOUGH = 1
KIND = "() => [document.body.className, document.querySelector('main')?.className].join()"


def where_axe_looks(address, page, seen):
    """Widths that axe looks at the page at: the first of each kind whole, on a desk and by keyboard too. The English
    page has the structure of the French one, and other words: the first of each kind, on a phone.

    Every page whole with WHOLE=1 (`make soak`). `seen` counts kinds.
    """
    where = urlsplit(address)
    is_english = where.path.startswith("/en/")
    kind = where.netloc, where.path.count("/"), page.evaluate(KIND), is_english
    seen[kind] += 1
    if os.environ.get("WHOLE") == "1":
        return WIDTHS
    if seen[kind] > ENOUGH:
        return ()
    return WIDTHS[:1] if is_english else WIDTHS


def test_every_page_of_the_demo(chromium, nu_checker, demo, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    axe, problems, pages, kinds = Axe(), [], 0, Counter()
    for address, page, (status, asked, _content) in crawl(chromium, demo):
        pages += 1
        if status != (403 if urlsplit(address).path.endswith(CLOSED) else 200):
            problems.append(f"{address}: {status}")
        host = urlsplit(address).netloc
        problems += [f"{address} asks {url}" for url in asked if urlsplit(url).netloc not in (host, "")]
        widths = where_axe_looks(address, page, kinds)
        found = [*checks.reflow(page), *checks.accessibility(axe, page, widths=widths)]
        found += checks.keyboard(page) if widths == WIDTHS else []
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


def seen_on_paper(page, selector):
    """How many of these a printed page shows."""
    return page.locator(selector).evaluate_all("found => found.filter(one => one.checkVisibility()).length")


def test_a_campaign_on_paper(chromium, demo):
    page = chromium.new_context(locale="fr-CA", viewport={"width": 720, "height": 960}).new_page()
    page.goto(demo.url("/fr/"))
    page.goto(page.eval_on_selector(".poster a", "link => link.href"))
    address = page.url
    assert seen_on_paper(page, ".btn, .bar-pledge, .toc") > 3
    page.emulate_media(media="print")
    assert seen_on_paper(page, ".btn, .bar-pledge, .toc, .site-head__nav, .skip, .call") == 0
    assert page.locator(".on-paper").inner_text() == address
    stuck = "() => [...document.querySelectorAll('body *')].filter(one => one.checkVisibility() && "
    stuck += "['sticky', 'fixed'].includes(getComputedStyle(one).position)).length"
    assert page.evaluate(stuck) == 0
    lefts = page.locator(".tier").evaluate_all("tiers => tiers.map(one => Math.round(one.getBoundingClientRect().x))")
    assert len(lefts) >= 6
    assert len(set(lefts)) == 2
    assert set(page.locator(".tier").evaluate_all("tiers => tiers.map(one => getComputedStyle(one).breakInside)")) == {
        "avoid"
    }
    pale = "() => [...document.querySelectorAll('body *')].filter(one => one.checkVisibility() && one.innerText && "
    pale += "getComputedStyle(one).color === 'rgb(255, 255, 255)').length"
    assert page.evaluate(pale) == 0


def test_an_editor_takes_the_colour_on_offer_by_keyboard(chromium, demo):
    page = chromium.new_context(locale="fr-CA", viewport={"width": 1280, "height": 1000}).new_page()
    page.goto(demo.url("/admin/login/"))
    page.fill("[name=login]", "redaction@meule.example")
    page.fill("[name=password]", "tremplin")
    page.press("[name=password]", "Enter")
    page.wait_for_url(re.compile(r"/admin/$"))
    page.goto(demo.url("/admin/settings/home/brand/"))
    saved = page.input_value("[name=action]")
    page.fill("[name=action]", "ff9900")
    with page.expect_navigation():
        page.press("[name=action]", "Enter")
    message = page.locator("[data-contentpath=action] .error-message")
    assert "le contraste est de 1,9:1, et il en faut 4,5:1" in message.inner_text()
    assert page.input_value("[name=action]") == "#ff9900"
    page.focus("[name=action]")
    page.keyboard.press("Tab")
    assert (
        page.evaluate("document.activeElement.getAttribute('aria-label')") == "Palette, Action\u00a0: boutons et liens"
    )
    for _part in range(5):  # a palette's own parts, then the button
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "BUTTON":
            break
    page.keyboard.press("Enter")
    offered = page.input_value("[name=action]")
    assert offered in message.inner_text()
    assert page.evaluate("document.activeElement.name") == "action"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator(".error-message").count() == 0
    assert page.input_value("[name=action]") == offered != saved
    page.goto(demo.url("/fr/"))
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--action').trim()") == offered


#: Kinds of the admin's pages that are opened; sixty with WHOLE=1.
ADMIN_PAGES = 8


def test_the_admin_keeps_to_its_policy(chromium, demo):
    """What a page is forbidden fails any journey (tests.journeys.violations)."""
    page = chromium.new_context(locale="fr-CA", viewport={"width": 1280, "height": 1000}).new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append((page.url, str(error))))
    page.goto(demo.url("/admin/login/"))
    page.fill("[name=login]", "operateur@tremplin.example")
    page.fill("[name=password]", "tremplin")
    page.press("[name=password]", "Enter")
    page.wait_for_url(re.compile(r"/admin/$"))
    most = 60 if os.environ.get("WHOLE") == "1" else ADMIN_PAGES
    opened = dict(admin_crawl.crawl(page, demo.url("/admin/"), most))
    assert {address: status for address, status in opened.items() if status >= 500} == {}
    assert len(opened) >= ADMIN_PAGES
    assert errors == []


@contextmanager
def served(folder):
    """As anyone would show an archive: python -m http.server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _attempt in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def broken_links(start):
    """Whatever pages show or lead to on this server, from the first on: languages, files, links and faults."""
    waiting, known, languages, links, faults = [start], {start}, set(), 0, []
    with requests.Session() as session:
        while waiting:
            address = waiting.pop()
            answer = session.get(address, timeout=20)
            if not answer.ok:
                faults.append(f"{address}: {answer.status_code}")
            if not answer.headers["Content-Type"].startswith("text/html"):
                continue
            answer.encoding = "utf-8"
            page = archives.Page(answer.text)
            languages.add(page.language)
            for link in page.links:
                links += 1
                target = urldefrag(urljoin(address, link))[0]
                if urlsplit(target).netloc != urlsplit(start).netloc or target in known:
                    continue
                if not target.startswith(start.removesuffix("index.html")):
                    faults.append(f"{address} leaves the archive: {link}")
                known.add(target)
                waiting.append(target)
    return languages, len(known), links, faults


def words_of_people(database):
    """Addresses, names and streets of all who contributed in the demo, but for the names that are shown on a wall."""
    with closing(sqlite3.connect(database)) as rows:
        columns = [
            "SELECT email FROM home_backer",
            "SELECT name FROM home_backer",
            "SELECT wall_name FROM pledges_pledge WHERE wall = 'neither'",
            "SELECT line1 FROM pledges_deliveryaddress",
            "SELECT recipient FROM pledges_deliveryaddress",
        ]
        found = {text.strip() for query in columns for (text,) in rows.execute(query)} - {""}
        shown = {text for (text,) in rows.execute("SELECT wall_name FROM pledges_pledge WHERE wall <> 'neither'")}
        return sorted(found - shown), [slug for (slug,) in rows.execute("SELECT slug FROM home_cooperative")]


@pytest.mark.long
def test_the_archive_of_the_demo(demo, tmp_path):
    people, slugs = words_of_people(demo.database)
    assert len(people) > 100
    assert len(slugs) >= 2
    for slug in slugs:
        folder = tmp_path / "some" / "where" / slug
        folder.parent.mkdir(parents=True, exist_ok=True)
        demo.manage("archive_site", slug, "--to", folder)
        with served(tmp_path) as root:
            languages, files, links, faults = broken_links(f"{root}/some/where/{slug}/index.html")
        assert faults == []
        assert languages == {"fr-CA", "en-CA"}
        print(f"{slug}: {len(archives.pages_of(folder))} pages, {files} files reached, {links} links")
        text = "\n".join(path.read_bytes().decode("utf-8", "replace") for path in archives.files_of(folder))
        assert [one for one in people if re.search(rf"\b{re.escape(one)}\b", text)] == []
