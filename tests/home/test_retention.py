"""Each rule of retention: what is late goes, what is one day short of it stays, and nothing else is touched."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import call_command
from wagtail.admin.models import FormState
from wagtail.models import Page

from campaigns.enums import FundingModel
from home import audit, backing, clock, outbox
from home.mail.registry import kind_of
from home.models import (
    AuditEntry,
    Backer,
    Crossing,
    Erasure,
    Invitation,
    MailEvent,
    MailState,
    NewsConsent,
    OutgoingMail,
    RetentionRun,
    Role,
)
from home.privacy import retention
from home.tasks import keep_to_retention
from home.tenancy import within
from pledges.enums import PledgeState
from pledges.models import (
    Checkout,
    Continuation,
    DataRequest,
    EmailChange,
    LedgerEntry,
    Payment,
    Pledge,
    PledgeItem,
    Refund,
    StripeEvent,
)
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_backer, make_pledge, make_refund
from tests.updates.making import make_update
from updates.models import ReaderQuestion

RULES = {one.key: one for one in retention.rules()}
DAY = timedelta(days=1)


@pytest.fixture
def campaign(cooperative):
    made = make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE)
    with within(cooperative):
        yield made


@pytest.fixture
def owner(cooperative):
    return make_user(cooperative, Role.OWNER)


class Late:
    """Each method makes something whose clock began at a moment, and says how to see whether it is there still."""

    def __init__(self, campaign, owner, at):
        self.campaign, self.cooperative, self.owner, self.at = campaign, campaign.cooperative, owner, at

    def invitations(self):
        made = Invitation.objects.create(
            cooperative=self.cooperative, email="a@x.example", role="editor", created_at=self.at, expires_at=self.at
        )
        return lambda: Invitation.objects.filter(pk=made.pk).exists()

    def continuations(self):
        made = Continuation.objects.create(
            cooperative=self.cooperative,
            campaign=self.campaign,
            backer=make_backer(self.cooperative),
            typed={"name": "Rosalie"},
            asked_at=self.at,
        )
        return lambda: Continuation.objects.filter(pk=made.pk).exists()

    def crossings(self):
        made = Crossing.objects.create(
            cooperative=self.cooperative, user=self.owner, token_hash="x", path="/", expires_at=self.at
        )
        return lambda: Crossing.objects.filter(pk=made.pk).exists()

    def sessions(self):
        made = Session.objects.create(session_key="x", session_data="x", expire_date=self.at)
        return lambda: Session.objects.filter(pk=made.pk).exists()

    def drafts(self):
        made = FormState.objects.create(
            data="x=y",
            user=self.owner,
            content_type=ContentType.objects.get_for_model(Page),
            object_id="1",
            parent_object_id="",
            last_updated_at=self.at,
        )
        return lambda: FormState.objects.filter(pk=made.pk).exists()

    def audit(self):
        made = audit.record(next(iter(audit.acts())), cooperative=self.cooperative, by=self.owner)
        AuditEntry.objects.filter(pk=made.pk).update(at=self.at)
        return lambda: AuditEntry.objects.filter(pk=made.pk).exists()

    def consents(self):
        backer = make_backer(self.cooperative)
        backing.grant_news(backer, uuid.uuid4(), text="Oui", language="fr")
        made = NewsConsent.objects.get(backer=backer)
        NewsConsent.objects.filter(pk=made.pk).update(withdrawn_at=self.at)
        return lambda: NewsConsent.objects.filter(pk=made.pk).exists()

    def mails(self):
        outbox.queue(
            kind_of("data_erased"), cooperative=self.cooperative, subject_key="x", to=self.owner, facts={"year": 1}
        )
        made = OutgoingMail.objects.get(subject_key="x")
        OutgoingMail.objects.filter(pk=made.pk).update(created_at=self.at, state=MailState.SENT)
        MailEvent.objects.create(
            cooperative=self.cooperative,
            mail=made,
            provider="x",
            event_key="x",
            kind="bounced",
            detail="x",
            received_at=self.at,
        )

        def stays():
            found = OutgoingMail.objects.get(pk=made.pk)
            says = [found.address, found.facts, MailEvent.objects.get().detail]
            assert all(says) or not any(says)
            return bool(found.address)

        return stays

    def _backer(self, **fields):
        pledge = make_pledge(self.campaign, rewards=[], extra=500, **fields)
        past = {"created_at": self.at, "confirmed_at": self.at}
        Pledge.objects.filter(pk=pledge.pk).update(**past)
        Payment.objects.filter(pledge=pledge).update(created_at=self.at, paid_at=self.at)
        Backer.objects.filter(pk=pledge.backer_id).update(created_at=self.at)
        type(self.campaign).objects.filter(pk=self.campaign.pk).update(state="ended", decided_at=self.at)
        return pledge

    def backers(self):
        return self._is_known(self._backer().backer_id)

    def _is_known(self, key):
        return lambda: Backer.objects.get(pk=key).erased_at is None

    def followers(self):
        backer = make_backer(self.cooperative, name="")
        backing.grant_news(backer, uuid.uuid4(), text="Oui", language="fr")
        Backer.objects.filter(pk=backer.pk).update(created_at=self.at)
        NewsConsent.objects.filter(backer=backer).update(granted_at=self.at, withdrawn_at=self.at)
        return self._is_known(backer.pk)

    def unfinished(self):
        pledge = make_pledge(self.campaign, rewards=[], extra=500, state=PledgeState.LAPSED)
        Pledge.objects.filter(pk=pledge.pk).update(created_at=self.at)
        Backer.objects.filter(pk=pledge.backer_id).update(created_at=self.at)
        return self._is_known(pledge.backer_id)

    def books(self):
        pledge = self._backer()
        Pledge.objects.filter(pk=pledge.pk).update(company_name="Four inc.", company_numbers="1")
        Backer.objects.filter(pk=pledge.backer_id).update(erased_at=self.at)
        return lambda: Pledge.objects.get(pk=pledge.pk).company_name == "Four inc."

    def references(self):
        pledge = self._backer()
        Payment.objects.filter(pledge=pledge).update(reference="Chèque 12")
        return lambda: Payment.objects.get(pledge=pledge).reference == "Chèque 12"

    def notes(self):
        refund = make_refund(self._backer().payment, amount=100, commission=0)
        Refund.objects.filter(pk=refund.pk).update(note="En main propre", created_at=self.at)
        return lambda: Refund.objects.get(pk=refund.pk).note == "En main propre"

    def email_changes(self):
        pledge = make_pledge(self.campaign, rewards=[], extra=500)
        made = EmailChange.objects.create(
            cooperative=self.cooperative, backer=pledge.backer, pledge=pledge, new_email="a@x.example", asked_at=self.at
        )
        return lambda: EmailChange.objects.filter(pk=made.pk).exists()

    def data_requests(self):
        backer = make_backer(self.cooperative)
        made = DataRequest.objects.create(
            cooperative=self.cooperative, backer=backer, asked_at=self.at, expires_at=self.at
        )
        return lambda: DataRequest.objects.filter(pk=made.pk).exists()

    def payment_pages(self):
        pledge = make_pledge(self.campaign, rewards=[], extra=500)
        Checkout.objects.filter(pledge=pledge).update(url="https://pay.example/x", ended_at=self.at)
        return lambda: Checkout.objects.get(pledge=pledge).url != ""

    def stripe_events(self):
        made = StripeEvent.objects.create(
            event_id="evt_1", kind="x", created_at=self.at, received_at=self.at, handled_at=self.at
        )
        return lambda: StripeEvent.objects.filter(pk=made.pk).exists()

    def questions(self):
        asked = {"update": make_update(self.campaign, bilingual=False), "backer": make_backer(self.cooperative)}
        made = ReaderQuestion.objects.create(
            cooperative=self.cooperative, language="fr", text="Quand?", asked_at=self.at, **asked
        )
        return lambda: ReaderQuestion.objects.get(pk=made.pk).text == "Quand?"


@pytest.mark.parametrize("key", sorted(RULES))
def test_what_is_a_day_short_stays_and_what_is_late_goes(campaign, owner, key, settings, tmp_path):
    settings.CLOCK_FILE = tmp_path / "clock"
    one = RULES[key]
    stays = getattr(Late(campaign, owner, clock.now() - one.after + DAY), key.partition(".")[2])()
    assert (retention.apply(one), stays()) == (0, True)
    clock.advance(DAY + timedelta(minutes=1))
    assert (retention.apply(one), stays()) == (1, False)
    assert retention.apply(one) == 0
    run = RetentionRun.objects.get(rule=key)
    assert (run.done, run.total) == (0, 1)


# ------------------------------------------------------------------ who stays, late or not


@pytest.fixture
def old(campaign, owner):
    return Late(campaign, owner, clock.now() - timedelta(days=3000))


def test_whoever_still_asks_for_news_stays(old, campaign):
    pledge = old._backer()
    backing.grant_news(pledge.backer, campaign.translation_key, text="Oui", language="fr")
    assert retention.apply(RULES["pledges.backers"]) == 0


def test_whoever_is_owed_a_reward_stays(campaign, owner):
    old = Late(campaign, owner, clock.now() - timedelta(days=3000))
    pledge = old._backer()
    flour = campaign.rewards.order_by("position").first()
    owed = make_pledge(campaign, rewards=[(flour, 1)], backer=pledge.backer)
    Pledge.objects.filter(pk=owed.pk).update(created_at=old.at, confirmed_at=old.at)
    Payment.objects.update(created_at=old.at, paid_at=old.at)
    assert retention.apply(RULES["pledges.backers"]) == 0
    PledgeItem.objects.update(state="delivered", state_since=clock.now() - timedelta(days=800))
    assert retention.apply(RULES["pledges.backers"]) == 1


def test_whose_campaign_still_runs_stays(old, campaign):
    old._backer()
    type(campaign).objects.update(state="live", decided_at=None)
    assert retention.apply(RULES["pledges.backers"]) == 0


def test_whoever_contributed_again_stays(old, campaign):
    pledge = old._backer()
    make_pledge(campaign, rewards=[], extra=100, backer=pledge.backer)
    assert retention.apply(RULES["pledges.backers"]) == 0


def test_their_books_stay_and_no_mail_says_so(old):
    pledge = old._backer(backer_name="Zoé Entremont")
    before = list(LedgerEntry.objects.order_by("pk").values_list("account", "amount"))
    keep_to_retention.func()
    assert list(LedgerEntry.objects.order_by("pk").values_list("account", "amount")) == before
    assert Backer.objects.get(pk=pledge.backer_id).name == ""
    assert not OutgoingMail.objects.filter(kind="data_erased").exists()
    assert Erasure.objects.count() == 1
    assert Pledge.objects.get(pk=pledge.pk).amount == 500
    call_command("check_ledger")


def test_many_are_dealt_with_some_at_a_time_and_one_that_stays_holds_up_no_other(old, campaign, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    keys = [old._backer().backer_id for _number in range(5)]
    flour = campaign.rewards.order_by("position").first()
    for backer in Backer.objects.filter(pk__in=keys[:2]):
        make_pledge(campaign, rewards=[(flour, 1)], backer=backer)
    Pledge.objects.update(created_at=old.at, confirmed_at=old.at)
    Payment.objects.update(created_at=old.at, paid_at=old.at)
    assert RULES["pledges.backers"].late(clock.now()).count() == 5
    assert retention.apply(RULES["pledges.backers"]) == 3


def test_a_rule_that_fails_keeps_no_other_from_being_applied(campaign, owner, monkeypatch, caplog):
    def fails(before):
        raise RuntimeError("no such table")

    bad = retention.Rule("home.a_rule", DAY, "", fails, retention.deleted)
    monkeypatch.setattr(retention, "_rules", {"home.a_rule": bad} | retention._rules)
    stays = Late(campaign, owner, clock.now() - timedelta(days=100)).invitations()
    done = retention.run()
    assert not stays()
    assert "home.a_rule" not in done
    assert "the rule of retention home.a_rule failed" in caplog.text
