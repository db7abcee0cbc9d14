"""A treasurer sets a passkey in a real browser, and logs in with it: Chromium's own virtual authenticator."""

import re

import pytest

from tests.journeys.stack import running

pytestmark = pytest.mark.browser


@pytest.fixture
def stack(tmp_path, migrated):
    """The product, which asks for a second factor as a real installation does."""
    with running(tmp_path, migrated, SECOND_FACTOR="1") as stack:
        yield stack


def test_a_passkey_from_its_making_to_a_log_in(chromium, stack, shots):
    page = chromium.new_context(locale="fr-CA", viewport={"width": 1280, "height": 1000}).new_page()
    page.set_default_timeout(30_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    telephone = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": telephone})

    def give_the_password():
        page.goto(stack.url("/admin/login/"))
        page.fill("[name=login]", "treasurer@meule.example")
        page.fill("[name=password]", "secret")
        page.press("[name=password]", "Enter")

    give_the_password()
    page.wait_for_url(re.compile(r"/admin/two-step/$"))
    page.screenshot(path=shots / "passkey-1-why.png", full_page=True)
    page.get_by_role("link", name="Ajouter une application").click()
    page.get_by_role("img", name="La clé, en image à numériser").wait_for()
    page.screenshot(path=shots / "passkey-2-application.png", full_page=True)
    page.get_by_role("link", name="Annuler").click()
    page.get_by_role("link", name="Ajouter une clé d’accès").click()
    page.fill("[name=name]", "Mon téléphone")
    page.get_by_role("button", name="Ajouter la clé d’accès").click()
    page.get_by_role("button", name="Je les ai gardés").wait_for()
    page.screenshot(path=shots / "passkey-3-codes.png", full_page=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger en fichier").click()
    assert re.fullmatch(r"(\d{8}\r?\n){10}", download.value.path().read_bytes().decode())
    page.get_by_role("button", name="Je les ai gardés").click()
    page.wait_for_url(re.compile(r"/admin/two-step/$"))
    assert "Mon téléphone" in page.inner_text("main")

    page.context.clear_cookies()
    give_the_password()
    page.wait_for_url(re.compile(r"/admin/login/code/$"))
    page.screenshot(path=shots / "passkey-4-code.png", full_page=True)
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.wait_for_url(re.compile(r"/admin/$"))
    assert errors == []
