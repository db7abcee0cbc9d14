"""An export holds every row about a backer and erasing leaves none of their words: of every model that can hold any."""

import json

import pytest
from django.apps import apps

from home import clock
from home.models import Backer, MailEvent, MailState, OutgoingMail
from pledges import erasing, own_data, refund_requests
from pledges.enums import FulfilmentState
from pledges.models import (
    DeliveryAddress,
    Payment,
    Pledge,
    PledgeChange,
    PledgeItem,
    Problem,
    Refund,
    SurveyAnswer,
    SurveyReply,
)
from tests.factories.campaigns import end_now
from tests.factories.pledges import make_pledge, make_refund
from tests.factories.surveys import make_survey

pytestmark = pytest.mark.usefixtures("inside")

#: Models whose rows hang on what is a backer's, by name, with where an export has them; None: why it has none.
HELD = {
    "home.NewsConsent": "news",
    "home.OutgoingMail": "mails",
    "home.MailEvent": "mails.events",
    "pledges.Pledge": "contributions",
    "pledges.CardToForget": "contributions.replaced_cards",
    "pledges.Continuation": "contributions_to_continue",
    "pledges.Checkout": "contributions.payment_pages",
    "pledges.StrayPayment": "contributions.payments_found",
    "pledges.DataRequest": "data_requests",
    "pledges.DatePromise": "contributions.rewards.months",
    "pledges.DeliveryAddress": "contributions.address",
    "pledges.Dispute": "contributions.payments.disputes",
    "pledges.EmailChange": "email_changes",
    "pledges.FraudWarning": "contributions.payments.fraud_warnings",
    "pledges.Payment": "contributions.payments",
    "pledges.PaymentAttempt": "contributions.payments.attempts",
    "pledges.PaymentTax": "contributions.payments.taxes",
    "pledges.PledgeChange": "contributions.changes",
    "pledges.PledgeChangeItem": "contributions.changes.rewards",
    "pledges.PledgeConsent": "contributions.agreements",
    "pledges.PledgeItem": "contributions.rewards",
    "pledges.Problem": "contributions.rewards.problems",
    "pledges.PromiseAcceptance": "contributions.rewards.months_accepted",
    "pledges.Refund": "contributions.payments.refunds",
    "pledges.RefundRequest": "contributions.rewards.refund_requests",
    "pledges.RefundTax": "contributions.payments.refunds.taxes",
    "pledges.SurveyAnswer": "contributions.rewards.choices.answers",
    "pledges.SurveyReply": "contributions.rewards.choices",
    "updates.ReaderQuestion": "questions_asked",
    "updates.NoticePromise": None,  # which notice wrote a promised month
}


def test_whatever_hangs_on_a_backer_has_its_place_in_an_export():
    about, found = {Backer}, set()
    while about:
        fields = [field for model in apps.get_models() for field in model._meta.concrete_fields]
        hangs = {field.model for field in fields if field.is_relation and field.related_model in about}
        about = hangs - found - {Backer}
        found |= hangs
    assert {model._meta.label for model in found} == set(HELD)


def everything(campaign):
    """A backer who has said something wherever one can, and about whom something was noted wherever one can."""
    flour = campaign.rewards.order_by("position").first()
    pledge = make_pledge(campaign, email="zoe@courriel.example", backer_name="Zoé Secret")
    item = PledgeItem.objects.select_related("pledge").get(pledge=pledge)
    Pledge.objects.filter(pk=pledge.pk).update(
        message="secret 1", gift_for="secret 2", wall="name", wall_name="secret 3"
    )
    address = {"recipient": "secret 4", "line1": "secret 5", "city": "secret 6", "country": "CA"}
    DeliveryAddress.objects.create(cooperative=campaign.cooperative, pledge=pledge, changed_at=clock.now(), **address)
    survey = make_survey(flour, opened=True)
    reply = SurveyReply.objects.create(
        cooperative=campaign.cooperative, survey=survey, item=item, language="fr", replied_at=clock.now()
    )
    SurveyAnswer.objects.create(reply=reply, question=survey.questions.get(kind="text"), text="secret 7")
    Problem.objects.create(
        cooperative=campaign.cooperative,
        item=item,
        kind="damaged",
        text="secret 8",
        answer="secret 9",
        reported_at=clock.now(),
    )
    request = refund_requests.ask(item, "secret 10")
    request.answer, request.state = "secret 11", "declined"
    request.save()
    PledgeItem.objects.filter(pk=item.pk).update(
        state=FulfilmentState.DELIVERED,
        state_reason="secret 12",
        carrier="secret 13",
        tracking_url="https://secret14.example",
    )
    refund = make_refund(pledge.payment, amount=100, commission=0)
    Refund.objects.filter(pk=refund.pk).update(note="secret 15")
    PledgeChange.objects.create(
        cooperative=campaign.cooperative,
        pledge=pledge,
        old_amount=1,
        old_items=[],
        amount=2,
        extra=1,
        asked_at=clock.now(),
    )
    mail = OutgoingMail.objects.filter(backer=pledge.backer).first()
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state=MailState.SENT, last_error="secret 16", facts={"words": "secret 17"}
    )
    MailEvent.objects.create(
        cooperative=campaign.cooperative,
        mail=mail,
        provider="Test",
        event_key="1",
        kind="deferred",
        detail="secret 18",
        received_at=clock.now(),
    )
    return pledge


def secrets_in(backer):
    said = json.dumps(own_data.collected(backer), ensure_ascii=False)
    return {n for n in range(1, 19) if f"secret {n}" in said or f"secret{n}." in said}


def test_an_export_holds_what_was_said_and_noted_and_erasing_leaves_none_of_it(campaign):
    pledge = everything(campaign)
    assert secrets_in(pledge.backer) == set(range(1, 19))
    end_now(campaign)
    campaign.state = "ended"
    campaign.save()
    assert erasing.erase(pledge) == ""
    backer = Backer.objects.get(pk=pledge.backer_id)
    assert secrets_in(backer) == set()
    said = json.dumps(own_data.collected(backer), ensure_ascii=False)
    assert "Zoé" not in said
    last = OutgoingMail.objects.get(kind="data_erased")
    assert said.count("zoe@courriel.example") == 1
    assert last.address == "zoe@courriel.example"
    assert Payment.objects.get().amount == 3000
