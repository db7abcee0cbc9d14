"""The page of a mailing: its buttons do what they say, its lists name people, and nobody else may open it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from wagtail.users.models import UserProfile

from home import clock
from home.models import MailState, OutgoingMail, Role
from home.tenancy import within
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, make_update_page, notice_block, tell
from tests.updates.test_views import said
from updates.announcing import announce
from updates.enums import MailingState, MissingLanguage
from updates.models import Mailing, MailingAct, Update, UpdatePage
from updates.sending import send_news

NONE = MissingLanguage.NONE
ACTS = ["pause", "resume", "cancel", "moment", "waiting"]


@pytest.fixture
def admin(on_host, cooperative):
    user = make_user(cooperative)
    profile = UserProfile.get_for_user(user)
    profile.preferred_language = "en"
    profile.save()
    client = on_host(cooperative)
    client.force_login(user)
    return client


@pytest.fixture
def news(campaign, inside):
    for name in ("Ana", "Béa", "Chloé"):
        tell(make_pledge(campaign, backer_name=name, email=f"{name[0].lower()}@x.example").backer, campaign)
    return send_news(make_update(campaign), by=None, missing_language=NONE)


@pytest.fixture
def waiting_news(campaign, inside):
    tell(make_pledge(campaign, backer_name="Ana", email="a@x.example").backer, campaign)
    tell(make_pledge(campaign, backer_name="Bob", email="b@x.example", language="en").backer, campaign)
    make_update_page(campaign)
    return send_news(Update.objects.get(), by=None, missing_language=MissingLanguage.WAIT)


def address(mailing, *parts):
    return "/".join([f"/admin/mailings/{mailing.pk}", *map(str, parts), ""])


def states(mailing):
    return list(OutgoingMail.objects.filter(batch=mailing.key).order_by("id").values_list("state", flat=True))


def put(mailing, letter, **fields):
    OutgoingMail.objects.filter(batch=mailing.key, address=f"{letter}@x.example").update(**fields)


def test_pause_resume_and_cancel(admin, news):
    text = said(admin.post(address(news, "pause"), follow=True))
    assert "Sending is paused. Nothing more leaves until you decide." in text
    assert ("Resume" in text, " Pause " in text) == (True, False)
    assert states(news) == [MailState.HELD] * 3
    assert "Sending goes on." in said(admin.post(address(news, "resume"), follow=True))
    assert "3 emails were cancelled before they left." in said(admin.post(address(news, "cancel"), follow=True))
    text = said(admin.post(address(news, "cancel"), follow=True))
    assert "Nothing was left to cancel." in text
    assert "What had not left was cancelled" in text
    assert states(news) == [MailState.CANCELLED] * 3


def test_the_moving_part_alone(admin, news):
    put(news, "a", state=MailState.SENT)
    response = admin.get(address(news, "progress"))
    assert "1 of 3 sent" in said(response)
    assert 'data-mailing-moves="yes"' in response.content.decode()
    assert "<html" not in response.content.decode()
    Mailing.objects.update(state=MailingState.DONE)
    assert 'data-mailing-moves=""' in admin.get(address(news, "progress")).content.decode()


def test_a_delay_has_no_button_to_cancel_and_says_why(admin, campaign, inside):
    make_pledge(campaign, email="a@x.example")
    mailing = announce(make_update(campaign, notice_block([campaign.rewards.first()])), by=None, missing_language=NONE)
    text = said(admin.get(address(mailing)))
    assert ("Cancel what has not left" in text, "it may be paused, but not cancelled." in text) == (False, True)
    assert "it may be paused, but not cancelled." in said(admin.post(address(mailing, "cancel"), follow=True))
    assert states(mailing) == [MailState.QUEUED]


def test_people_by_what_became_of_their_mail(admin, news):
    put(news, "a", state=MailState.SENT, delivered_at=clock.now())
    put(news, "b", state=MailState.FAILED, bounced_at=clock.now())
    put(news, "c", state=MailState.SENT, complained_at=clock.now())
    text = said(admin.get(address(news)))
    assert "Sent 2 Delivered 1 Address to correct 1 Complained 1" in text
    assert "Béa b@x.example français" in said(admin.get(address(news, "people", "bounced")))
    assert "Chloé c@x.example" in said(admin.get(address(news, "people", "complained")))
    assert "No one." in said(admin.get(address(news, "people", "failed")))
    assert admin.get(address(news, "people", "nonsense"), follow=True).status_code == 404


@pytest.mark.parametrize(("it", "ends_as"), [("left", MailState.SENT), ("again", MailState.QUEUED)])
def test_doubts_are_settled_one_by_one(admin, news, it, ends_as):
    put(news, "a", state=MailState.IN_DOUBT)
    assert "Settle one by one" in said(admin.get(address(news)))
    mail = OutgoingMail.objects.get(batch=news.key, address="a@x.example")
    assert "It did not leave: send again" in said(admin.get(address(news, "people", "in_doubt")))
    url = address(news, "doubt", mail.pk)
    admin.post(url, {"it": "maybe"})
    assert states(news)[0] == MailState.IN_DOUBT
    assert "a@x.example" in said(admin.post(url, {"it": it}, follow=True))
    assert "This email was settled already." in said(admin.post(url, {"it": it}, follow=True))
    assert (states(news)[0], MailingAct.objects.get().by.email) == (ends_as, "editor@meule.example")


def test_who_waits_for_a_text_and_what_may_be_done(admin, waiting_news):
    text = said(admin.get(address(waiting_news)))
    assert "1 person awaits the English text" in text
    assert "Bob b@x.example English" in said(admin.get(address(waiting_news, "people", "text")))
    admin.post(address(waiting_news, "waiting"), {"act": "nonsense"})
    assert states(waiting_news) == [MailState.QUEUED, MailState.HELD]
    said_then = said(admin.post(address(waiting_news, "waiting"), {"act": "send"}, follow=True))
    assert "1 email is leaving." in said_then
    assert states(waiting_news) == [MailState.QUEUED] * 2


def test_who_waits_gets_nothing(admin, waiting_news):
    text = said(admin.post(address(waiting_news, "waiting"), {"act": "cancel"}, follow=True))
    assert "1 email was cancelled before it left." in text
    assert states(waiting_news) == [MailState.QUEUED, MailState.CANCELLED]


def briefing(page):
    return f"/admin/updates/{page.pk}/"


def page_of(update):
    return UpdatePage.objects.get(translation_key=update.translation_key, locale__language_code="fr")


def test_scheduled_then_changed_then_sent_now(admin, campaign, inside):
    tell(make_pledge(campaign, email="a@x.example").backer, campaign)
    page = page_of(make_update(campaign))
    moment = f"{clock.now() + timedelta(days=3):%Y-%m-%d}T09:30"
    text = said(admin.post(f"{briefing(page)}send/", {"people": "1", "later": "1", "send_at": moment}, follow=True))
    mailing = Mailing.objects.get()
    assert "1 email will leave on" in text
    assert "Change the time" in text
    assert "0 of 1 sent · Scheduled" in text
    assert f'value="{moment}"' in admin.get(address(mailing)).content.decode()
    assert f"{mailing.send_at.astimezone(ZoneInfo(campaign.cooperative.time_zone)):%H:%M}" == "09:30"
    later = f"{clock.now() + timedelta(days=4):%Y-%m-%d}T10:00"
    admin.post(address(mailing, "moment"), {"later": "1", "send_at": later})
    mailing.refresh_from_db()
    assert set(OutgoingMail.objects.values_list("not_before", flat=True)) == {mailing.send_at}
    assert "The mailing leaves now." in said(admin.post(address(mailing, "moment"), {"now": "1"}, follow=True))
    assert set(OutgoingMail.objects.values_list("not_before", flat=True)) == {None}
    assert "0 of 1 sent · Being sent" in said(admin.get(address(mailing)))


def test_what_is_cancelled_leaves_at_no_moment(admin, campaign, inside):
    tell(make_pledge(campaign, email="a@x.example").backer, campaign)
    update = make_update(campaign)
    mailing = send_news(update, by=None, missing_language=NONE, send_at=clock.now() + timedelta(days=3))
    assert "Leaves on" in said(admin.get(address(mailing)))
    text = said(admin.post(address(mailing, "cancel"), follow=True))
    assert ("0 of 1 sent · Cancelled" in text, "Leaves on" in text) == (True, False)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Give the day and the time."),
        ("demain", "Give the day and the time, such as 2027-03-15 09:00."),
        ("2020-01-01T09:00", "This moment has passed. Choose a later one."),
        ("2090-01-01T09:00", "This moment is more than a year away."),
    ],
)
def test_a_moment_that_cannot_be_is_said_at_the_field_and_kept(admin, campaign, inside, typed, message):
    tell(make_pledge(campaign, email="a@x.example").backer, campaign)
    page = page_of(make_update(campaign))
    response = admin.post(f"{briefing(page)}send/", {"people": "1", "later": "1", "send_at": typed})
    assert (response.status_code, message in said(response)) == (422, True)
    assert f'value="{typed}"' in response.content.decode() or not typed
    assert Mailing.objects.count() == 0


def test_a_moment_that_is_filled_in_is_not_sent_at_once(admin, campaign, inside):
    """Enter in the field presses the first button of the form, which sends now."""
    tell(make_pledge(campaign, email="a@x.example").backer, campaign)
    page = page_of(make_update(campaign))
    moment = f"{clock.now() + timedelta(days=3):%Y-%m-%d}T09:30"
    response = admin.post(f"{briefing(page)}send/", {"people": "1", "send_at": moment})
    assert (response.status_code, "Nothing has left. Press “Schedule”" in said(response)) == (422, True)
    assert f'value="{moment}"' in response.content.decode()
    assert not OutgoingMail.objects.exists()
    admin.post(f"{briefing(page)}send/", {"people": "1", "send_at": ""})
    assert list(OutgoingMail.objects.values_list("not_before", flat=True)) == [None]


def test_who_is_left_out_by_name_and_why(admin, campaign, inside):
    tell(make_pledge(campaign, backer_name="Ana", email="a@x.example").backer, campaign)
    make_pledge(campaign, backer_name="Silence", email="s@x.example")
    page = page_of(make_update(campaign))
    assert "See the list" in said(admin.get(briefing(page)))
    text = said(admin.get(f"{briefing(page)}news/left-out/"))
    assert "Silence s@x.example français Did not ask for news" in text
    assert "Ana" not in text


def test_who_has_none_of_its_rewards_is_left_out_by_name(admin, campaign, inside):
    flour, box = campaign.rewards.order_by("position")
    tell(make_pledge(campaign, rewards=[(flour, 1)], backer_name="Ana", email="a@x.example").backer, campaign)
    tell(make_pledge(campaign, rewards=[(box, 1)], backer_name="Béa", email="b@x.example").backer, campaign)
    page = page_of(make_update(campaign, audience="tiers", tiers=[str(flour.block_id)]))
    text = said(admin.get(f"{briefing(page)}news/left-out/"))
    assert "Béa b@x.example français Has none of the rewards this update is for" in text
    assert "Ana" not in text


def test_whose_email_was_cancelled_is_not_said_to_have_got_it(admin, news):
    put(news, "a", state=MailState.SENT)
    assert "Cancelling ends this mailing for good" in said(admin.get(address(news)))
    admin.post(address(news, "cancel"))
    text = said(admin.get(briefing(page_of(news.update))))
    assert "2 people will get it" in text
    assert "1 person got this update before" in text


def test_an_editor_of_another_cooperative_finds_nothing(on_host, outsider, news):
    put(news, "a", state=MailState.IN_DOUBT)
    mail = OutgoingMail.objects.get(batch=news.key, address="a@x.example")
    before = states(news)
    client = on_host(outsider)
    client.force_login(make_user(outsider))
    page = page_of(news.update)
    for path in (address(news), address(news, "progress"), address(news, "people", "sent")):
        assert client.get(path, follow=True).status_code == 404
    assert client.get(f"{briefing(page)}news/left-out/", follow=True).status_code == 404
    for act in ACTS:
        assert client.post(address(news, act), {"now": "1", "act": "send"}, follow=True).status_code == 404
    assert client.post(address(news, "doubt", mail.pk), {"it": "left"}, follow=True).status_code == 404
    assert (states(news), MailingAct.objects.count()) == (before, 0)


@pytest.mark.parametrize("role", [Role.ADVISER, Role.TREASURER])
def test_other_roles_may_not(on_host, cooperative, news, role):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, role))
    assert client.get(reverse("updates_mailing", args=[news.pk])).status_code == 302
    for act in ACTS:
        assert client.post(address(news, act), {"now": "1", "act": "send"}).status_code == 302
    assert (states(news), MailingAct.objects.count()) == ([MailState.QUEUED] * 3, 0)


def test_looking_changes_nothing(admin, news):
    for act in [*ACTS, "doubt/1"]:
        assert admin.get(address(news, act)).status_code == 405
    with within(news.cooperative):
        assert states(news) == [MailState.QUEUED] * 3
