"""Real Chromium against the whole product."""

import os
import shutil

import pytest

from config import ROOT
from tests.journeys import violations
from tests.journeys.stack import Stack, running

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium():
    """The installed browser, driven by Playwright."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: make services installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
        )
        with violations.noted(browser):
            yield browser
        browser.close()


@pytest.fixture(autouse=True)
def pages_closed(request):
    """What a journey left open would go on asking its server: while that stops, and for as long as the browser runs."""
    if "stack" in request.fixturenames:
        request.getfixturevalue("stack")  # begun before, so stopped after
    browser = request.getfixturevalue("chromium") if "chromium" in request.fixturenames else None
    yield
    for context in browser.contexts if browser else []:
        context.close()
    if browser:
        assert violations.taken(browser) == []


@pytest.fixture(scope="session")
def nu_checker():
    """The Nu HTML checker's archive, for Java to run."""
    archive = ROOT / ".tools/node_modules/vnu-jar/build/dist/vnu.jar"
    if not archive.exists() or shutil.which("java") is None:
        pytest.skip("The Nu checker is not installed: make services installs it")
    return archive


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """An empty database, migrated once: each story begins on a copy of it."""
    if "DATABASE_TEMPLATE" in os.environ:
        return os.environ["DATABASE_TEMPLATE"]
    stack = Stack(tmp_path_factory.mktemp("migrated"))
    stack.migrate()
    return stack.database


@pytest.fixture
def stack(tmp_path, migrated):
    """A product of its own for each story."""
    with running(tmp_path, migrated) as stack:
        yield stack


@pytest.fixture
def shots():
    """Where screenshots are kept: out of git."""
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder
