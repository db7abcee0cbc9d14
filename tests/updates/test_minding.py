"""A mailing that gathers refusals or complaints pauses itself, says so, and counts anew after a decision."""

import pytest
from django.core import mail as django_mail

from home import clock, outbox
from home.models import MailState, OutgoingMail, Role
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, tell
from updates import minding, sending
from updates.enums import MailingState, MissingLanguage, PauseReason
from updates.models import Mailing, MailingAct
from updates.sending import send_news

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def editor(cooperative):
    cooperative.language = "en"
    cooperative.save()
    return make_user(cooperative)


@pytest.fixture
def news(campaign, editor):
    """One mail waits; the others of this mailing are written by `tried`."""
    tell(make_pledge(campaign, email="waits@x.example").backer, campaign)
    return send_news(make_update(campaign), by=None, missing_language=MissingLanguage.NONE)


def tried(mailing, count, *, bounced=0, complained=0, refused=0):
    """That many more mails of the mailing that reached the provider, and what was told of some."""
    start = OutgoingMail.objects.count()
    now = clock.now()
    OutgoingMail.objects.bulk_create(
        OutgoingMail(
            cooperative=mailing.cooperative,
            kind="update_published",
            subject_key=mailing.update.key,
            reader_key=f"made:{start + number}",
            address=f"{start + number}@x.example",
            language="fr",
            batch=mailing.key,
            created_at=now,
            state=MailState.FAILED if number < bounced + refused else MailState.SENT,
            bounced_at=now if number < bounced else None,
            last_error="SMTPRecipientsRefused({})" if bounced <= number < bounced + refused else "",
            complained_at=now if number >= count - complained else None,
        )
        for number in range(count)
    )


def outcome(mailing):
    minding.pause_all()
    mailing.refresh_from_db()
    return mailing.state, mailing.pause_reason


PAUSED_BY_BOUNCES = (MailingState.PAUSED, PauseReason.BOUNCES)
PAUSED_BY_COMPLAINTS = (MailingState.PAUSED, PauseReason.COMPLAINTS)
GOES_ON = (MailingState.SENDING, PauseReason.NONE)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"count": 100, "bounced": 3}, PAUSED_BY_BOUNCES),
        ({"count": 100, "bounced": 2}, GOES_ON),
        ({"count": 50, "bounced": 2}, PAUSED_BY_BOUNCES),
        ({"count": 49, "bounced": 10}, GOES_ON),
        ({"count": 50, "bounced": 1}, GOES_ON),
        ({"count": 100, "bounced": 1, "refused": 2}, PAUSED_BY_BOUNCES),
        ({"count": 50, "complained": 1}, PAUSED_BY_COMPLAINTS),
        ({"count": 1000, "complained": 1}, GOES_ON),
        ({"count": 999, "complained": 1}, PAUSED_BY_COMPLAINTS),
        ({"count": 1500, "complained": 2}, PAUSED_BY_COMPLAINTS),
    ],
)
def test_the_limits(news, figures, expected):
    tried(news, **figures)
    assert outcome(news) == expected


def test_paused_by_itself_nothing_leaves_and_the_team_is_told(news, editor):
    tried(news, 100, bounced=3)
    assert outcome(news) == PAUSED_BY_BOUNCES
    assert OutgoingMail.objects.get(address="waits@x.example").state == MailState.HELD
    assert (news.paused_by, MailingAct.objects.get().by) == (None, None)
    outbox.send_due()
    said = django_mail.outbox[0]
    assert [message.to for message in django_mail.outbox] == [[editor.email]]
    assert said.subject == "Mailing paused: “The stone is here”"
    assert "The mailing paused itself: 3.0% of addresses refused, above the limit of 2.0%." in said.body
    assert "100 of 101 sent; the rest waits. Nothing more leaves until you decide." in said.body


def test_after_a_decision_it_counts_anew(news, editor):
    tried(news, 100, bounced=3)
    outcome(news)
    sending.resume(news, by=editor)
    assert outcome(news) == GOES_ON
    tried(news, 50, bounced=1)
    assert outcome(news) == GOES_ON
    tried(news, 10, bounced=2)
    assert outcome(news) == PAUSED_BY_BOUNCES
    assert OutgoingMail.objects.filter(kind="mailing_paused").count() == 2


def test_a_mailing_that_is_over_is_left_alone(news):
    tried(news, 100, bounced=50)
    Mailing.objects.update(state=MailingState.DONE)
    assert outcome(news)[0] == MailingState.DONE


def test_where_nobody_edits_the_owner_is_told(campaign, cooperative):
    owner = make_user(cooperative, Role.OWNER)
    tell(make_pledge(campaign).backer, campaign)
    mailing = send_news(make_update(campaign), by=owner, missing_language=MissingLanguage.NONE)
    tried(mailing, 50, bounced=2)
    assert outcome(mailing) == (MailingState.PAUSED, PauseReason.BOUNCES)
    assert list(OutgoingMail.objects.filter(kind="mailing_paused").values_list("address", flat=True)) == [owner.email]
