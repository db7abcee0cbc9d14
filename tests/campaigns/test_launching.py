"""Launching: both languages and the campaign at once, or nothing; now, or when its moment comes."""

from datetime import timedelta

import pytest
import time_machine

from campaigns import following, launching, lifecycle, tasks
from campaigns.models import CampaignPage, CampaignState
from home import backing, clock
from home.audit_words import line_of
from home.models import AuditEntry, Backer, OutgoingMail, Role
from tests.factories.cooperatives import make_user
from tests.factories.reviews import again, make_announced, make_approved, make_draft, member, terms_of

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def page(cooperative):
    return make_approved(cooperative)


def standing(page):
    live = CampaignPage.objects.live().filter(translation_key=page.translation_key)
    return terms_of(page).state, sorted(live.values_list("locale__language_code", flat=True))


def mails(kind):
    return list(OutgoingMail.objects.filter(kind=kind).order_by("address").values_list("address", "language"))


def test_launching_publishes_both_languages_and_opens_once(page, cooperative):
    owner = member(cooperative, Role.OWNER)
    campaign = terms_of(page)
    assert [launching.launch(again(page), campaign, by=owner) for _time in range(2)] == [True, False]
    assert standing(page) == (CampaignState.LIVE, ["en", "fr"])
    assert terms_of(page).launched_by == owner
    assert terms_of(page).title_en == "Get the millstone turning"


def test_a_point_that_holds_it_back_refuses_it_and_nothing_moves(page, cooperative):
    cooperative.charges_enabled = False
    cooperative.save()
    with pytest.raises(launching.LaunchRefused) as refused:
        launching.launch(again(page), terms_of(page), by=None)
    assert [point.key for point in refused.value.points] == ["payments"]
    assert standing(page) == (CampaignState.APPROVED, [])


def test_a_draft_is_not_launched(cooperative):
    page = make_draft(cooperative)
    from campaigns import publishing

    assert launching.launch(page, publishing.found(page), by=None) is False
    assert standing(page) == (CampaignState.DRAFT, [])


@pytest.mark.parametrize(
    "killed", ["home.translation.bilingual.publish_both", "campaigns.lifecycle.launch", "home.outbox.queue_all"]
)
def test_killed_anywhere_nothing_is_done_by_half_and_the_next_run_finishes(page, killed, monkeypatch):
    """The process dies in the middle: an exception that nobody catches."""

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(killed, die)
        with pytest.raises(KeyboardInterrupt):
            launching.launch(again(page), terms_of(page), by=None)
    assert standing(page) == (CampaignState.APPROVED, [])
    assert launching.launch(again(page), terms_of(page), by=None)
    assert standing(page) == (CampaignState.LIVE, ["en", "fr"])


def test_a_page_published_before_is_found_so_and_the_rest_is_done(page):
    """Published by an act of its own, and then nothing: announced, and launched from there."""
    again(page).get_latest_revision().publish()
    assert standing(page) == (CampaignState.ANNOUNCED, ["fr"])
    assert launching.launch(again(page), terms_of(page), by=None)
    assert standing(page) == (CampaignState.LIVE, ["en", "fr"])


# At its moment


def test_a_scheduled_launch_happens_at_its_moment_and_not_before(page):
    campaign = terms_of(page)
    assert launching.schedule(campaign, clock.now() + timedelta(hours=2))
    tasks.launch_campaign.func(campaign.pk)
    assert standing(page)[0] == CampaignState.APPROVED
    with time_machine.travel(clock.now() + timedelta(hours=3), tick=False):
        assert list(launching.due()) == [campaign]
        for _time in range(2):
            tasks.launch_campaign.func(campaign.pk)
    assert standing(page) == (CampaignState.LIVE, ["en", "fr"])
    assert list(launching.due()) == []


def test_what_cannot_be_launched_waits_is_told_once_and_is_launched_once_settled(page, cooperative):
    editor, owner = member(cooperative, Role.EDITOR), member(cooperative, Role.OWNER)
    cooperative.charges_enabled = False
    cooperative.save()
    campaign = terms_of(page)
    lifecycle.schedule(campaign, clock.now() - timedelta(minutes=1))
    for _time in range(3):
        assert not launching.launch_scheduled(terms_of(page))
    assert standing(page) == (CampaignState.APPROVED, [])
    assert mails("launch_waits") == [(editor.email, "fr"), (owner.email, "fr")]
    cooperative.charges_enabled = True
    cooperative.save()
    assert launching.launch_scheduled(terms_of(page))
    assert standing(page)[0] == CampaignState.LIVE


def test_a_schedule_is_taken_back(page):
    campaign = terms_of(page)
    editor, at = member(campaign.cooperative, Role.EDITOR), clock.now() + timedelta(hours=2)
    for _twice in range(2):
        assert launching.schedule(campaign, at, by=editor)
    for _twice in range(2):
        launching.schedule(campaign, None, by=editor)
    assert terms_of(page).launch_at is None
    assert list(AuditEntry.objects.order_by("pk").values_list("act", "actor", "facts")) == [
        ("launch_scheduled", editor.pk, {"after": at.isoformat()}),
        ("launch_unscheduled", editor.pk, {"before": at.isoformat()}),
    ]
    told = [line_of(entry, campaign.cooperative) for entry in AuditEntry.objects.order_by("pk")]
    assert told[0].facts[0].startswith("Après\xa0: ") and "T" not in told[0].facts[0]


# Who asked to be told


def test_who_asked_is_told_of_the_opening_once_in_their_language(cooperative, mailoutbox):
    campaign = make_announced(cooperative)
    for email, language in (("a@x.example", "fr"), ("b@x.example", "en"), ("A@x.example", "en"), ("c@x.example", "fr")):
        following.follow(campaign, email=email, language=language)
    gone = Backer.objects.get(email_key="c@x.example")
    backing.withdraw_news(gone, following.opening_topic(campaign))
    assert OutgoingMail.objects.exclude(kind="dossier_submitted").count() == 0  # publishing has told nobody
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    for _time in range(2):
        launching.launch(page, terms_of(page), by=None)
    assert mails("campaign_opened") == [("a@x.example", "fr"), ("b@x.example", "en")]


def test_the_consent_is_kept_word_for_word_and_apart_from_the_news(cooperative):
    campaign = make_announced(cooperative)
    following.follow(campaign, email="a@x.example", language="fr")
    backer = Backer.objects.get()
    consent = backer.news_consents.get()
    assert (backer.name, consent.language, consent.text) == ("", "fr", str(following.CONSENT))
    assert consent.topic != campaign.translation_key
    assert not backing.wants_news(backer, campaign.translation_key)


def test_advisers_launch_nothing(page, cooperative, on_host):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, Role.ADVISER, "lise@meule.example"))
    assert client.post(f"/admin/campaigns/{page.pk}/launch/").status_code == 302
    assert standing(page)[0] == CampaignState.APPROVED


def test_a_launch_is_written_down_once(page, cooperative):
    owner = member(cooperative, Role.OWNER)
    for _time in range(2):
        launching.launch(again(page), terms_of(page), by=owner)
    assert list(AuditEntry.objects.values_list("act", "actor")) == [("launched", owner.pk)]
