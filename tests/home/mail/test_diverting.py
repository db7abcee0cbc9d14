"""Mail of a rehearsal goes to the person who rehearses, whatever its row, its kind and its provider."""

from email.utils import parseaddr

import pytest
from anymail.signals import AnymailTrackingEvent, EventType
from django.core import mail as outgoing

from home import backing, clock, outbox
from home.cooperatives import twins
from home.mail import sender_verifying, tracking
from home.models import MailState, OutgoingMail, Role, Suppression
from home.tenancy import across_cooperatives, within
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.home.mail.test_merging import mailgun  # noqa: F401 (a fixture)
from tests.updates.making import make_update, notice_block, tell
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.sending import send_news

NONE = MissingLanguage.NONE
REAL = "huguette@exemple-reel.example"


@pytest.fixture
def editor(cooperative):
    return make_user(cooperative, Role.EDITOR)


@pytest.fixture
def sandbox(cooperative, editor):
    twin = twins.found_twin(cooperative)
    twins.enter(twin, editor)
    twin.stripe_account, twin.charges_enabled = "acct_essai", True
    twin.save()
    return twin


def write(cooperative, *addresses):
    """News to many, a delay that is owed, and a mail of the team to the sending address."""
    campaign = make_campaign(cooperative)
    with within(cooperative):
        for address in addresses:
            tell(make_pledge(campaign, email=address).backer, campaign)
        send_news(make_update(campaign), by=None, missing_language=NONE)
        announce(
            make_update(campaign, notice_block([campaign.rewards.first()]), title="B"), by=None, missing_language=NONE
        )
        sender_verifying.ask(cooperative, by=cooperative.rehearsed_by)
        return list(OutgoingMail.objects.order_by("id"))


def states(cooperative):
    with within(cooperative):
        return set(OutgoingMail.objects.values_list("state", flat=True))


def test_single_mails_news_and_team_mails_go_to_the_person_alone(sandbox, editor):
    written = write(sandbox, REAL, "a@x.example")
    assert {mail.address for mail in written} >= {REAL, "a@x.example", sandbox.sender_email}
    outbox.send_due()
    assert len(outgoing.outbox) == len(written) >= 5
    for message in outgoing.outbox:
        assert message.recipients() == [editor.email] and message.reply_to == [editor.email]
        assert message.subject.startswith(("[Essai] ", "[Trial] "))
        meant = message.extra_headers["X-Tremplin-Meant-For"]
        assert meant in message.body and meant in message.alternatives[0].content
        assert parseaddr(meant)[1] in {mail.address for mail in written}
    assert states(sandbox) == {MailState.SENT}


def test_a_provider_that_takes_many_at_once_is_given_one_address(sandbox, editor, mailgun):  # noqa: F811
    written = write(sandbox, REAL, "a@x.example", "b@x.example")
    outbox.send_due()
    assert len(mailgun.calls) == len(written)
    for call in mailgun.calls:
        assert call["to"] == [editor.email] and not {"cc", "bcc", "recipient-variables"} & set(call)
        assert call["subject"][0].startswith(("[Essai] ", "[Trial] "))
    assert states(sandbox) == {MailState.SENT}


def test_what_nobody_rehearses_leaves_no_more(sandbox, editor):
    write(sandbox, REAL)
    twins.leave(sandbox)
    outbox.send_due()
    assert outgoing.outbox == [] and states(sandbox) == {MailState.SUPPRESSED}


def test_a_mail_claimed_before_its_person_left_is_not_handed_over(sandbox, editor):
    """The last check is made of the message itself."""
    from home.mail import composing, diverting

    mail = write(sandbox, REAL)[0]
    twins.leave(sandbox)
    mail.cooperative = sandbox
    with within(sandbox), pytest.raises(diverting.NobodyRehearses):
        diverting.divert(composing.compose(mail), mail)
    editor.is_active = False
    editor.save()
    twins.enter(sandbox, editor)
    with within(sandbox), pytest.raises(diverting.NobodyRehearses):
        diverting.divert(composing.compose(mail), mail)


def test_a_real_mail_is_left_as_it_is(cooperative, sandbox):
    with within(cooperative):
        campaign = make_campaign(cooperative)
        make_pledge(campaign, email=REAL)
        announce(make_update(campaign, notice_block([campaign.rewards.first()])), by=None, missing_language=NONE)
    outbox.send_due()
    assert [message.recipients() for message in outgoing.outbox] == [[REAL]]
    assert not outgoing.outbox[0].subject.startswith("[")


def test_nothing_is_held_against_an_address_for_what_a_rehearsal_wrote_nor_the_other_way_round(cooperative, sandbox):
    with within(cooperative):
        backing.suppress(cooperative, REAL, backing.BOUNCED)
    written = write(sandbox, REAL)
    outbox.send_due()
    assert len(outgoing.outbox) == len(written)
    for mail in written:
        for kind in (EventType.BOUNCED, EventType.COMPLAINED):
            event = AnymailTrackingEvent(
                event_type=kind,
                event_id=f"{kind}-{mail.pk}",
                metadata={"mail": str(mail.token)},
                reject_reason="bounced",
                timestamp=clock.now(),
            )
            tracking.receive(None, event, "Postal")
    with across_cooperatives():
        assert list(Suppression.objects.values_list("cooperative", "email_key")) == [(cooperative.pk, REAL)]
