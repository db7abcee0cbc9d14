"""A team comes together: invited by mail, two-step log-ins, a campaign that its own adviser alone reads."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests.journeys.backer import links_in
from tests.journeys.editor import Editor
from tests.journeys.stack import running
from tests.journeys.test_whole_path import write_campaign

pytestmark = pytest.mark.browser

NADIA = "nadia@example.com"


@pytest.fixture
def stack(tmp_path, migrated):
    """As production asks it: treasurers and owners prove more than a password."""
    with running(tmp_path, migrated, SECOND_FACTOR="1") as stack:
        yield stack


def code_of(secret, later=0):
    """What an application of codes shows; each serves once, so that the one of the next half-minute may be needed."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def set_second_factor(person):
    """From the page that asks for it to the recovery codes; returns the application's key."""
    person.page.get_by_role("link", name="Ajouter une application").press("Enter")
    secret = person.page.locator("code").inner_text()
    person.page.fill("[name=code]", code_of(secret))
    person.page.get_by_role("button", name="Ajouter l’application").press("Enter")
    person.page.wait_for_url(re.compile("/two-step/recovery-codes/"))
    return secret


def accept_invitation(browser, address, *, first, last, password):
    """Someone new, in a browser of their own: name and password, nothing else."""
    page = browser.new_context(locale="fr-CA").new_page()
    page.goto(address)
    assert "Rédaction" in page.locator("main").inner_text()
    for name, value in (("first_name", first), ("last_name", last), ("password", password)):
        page.fill(f"[name={name}]", value)
    page.get_by_role("button", name="Accepter l’invitation").press("Enter")
    page.wait_for_url(re.compile("/admin/login/"))
    page.context.close()


def test_an_owner_invites_and_an_adviser_of_another_cooperative_finds_nothing(chromium, stack, shots):
    owner = Editor(chromium, stack, email="owner@meule.example", lands=r"/admin/two-step/$")
    owner.go("/admin/team/")
    assert owner.page.url.endswith("/admin/two-step/"), "nothing else opens before the second factor"
    set_second_factor(owner)
    owner.go("/admin/team/")
    owner.fill("email", NADIA)
    owner.page.locator("[name=role][value=editor]").check()
    owner.page.screenshot(path=shots / "team-invite.png", full_page=True)
    owner.page.get_by_role("button", name="Inviter", exact=True).press("Enter")
    [mail] = stack.wait_for_mails(1, to=NADIA)
    assert "La Meule commune" in mail["subject"]
    [link] = {one for one in links_in(mail) if "/invitation/" in one}
    accept_invitation(chromium, link, first="Nadia", last="Roy", password="la pierre de 900 kg")

    nadia = Editor(chromium, stack, email=NADIA, password="la pierre de 900 kg")
    nadia.go("/admin/two-step/")
    secret = set_second_factor(nadia)
    nadia.page.context.close()
    nadia = Editor(chromium, stack, email=NADIA, password="la pierre de 900 kg", lands=r"/admin/login/code/$")
    nadia.page.screenshot(path=shots / "team-code.png")
    nadia.page.fill("[name=code]", code_of(secret, 1))
    nadia.page.get_by_role("button", name="Continuer").press("Enter")
    nadia.page.wait_for_url(re.compile(r"/admin/$"))
    page_id = write_campaign(nadia, stack, goal="50")

    stranger = Editor(chromium, stack, host="large", email="adviser@large.example")
    for host in ("large", "meule"):
        stranger.page.goto(stack.url(f"/admin/campaigns/{page_id}/", host))
        assert "Un four pour le village" not in stranger.page.content(), host
    stranger.go("/admin/campaigns/")
    assert "Un four pour le village" not in stranger.page.content()

    adviser = Editor(chromium, stack, email="adviser@meule.example")
    adviser.approve(page_id, shot=shots / "team-dossier.png")
    owner.go("/admin/audit/")
    said = owner.page.locator("main").inner_text()
    assert [words for words in ("Personne invitée", "Invitation acceptée", NADIA) if words not in said] == []
