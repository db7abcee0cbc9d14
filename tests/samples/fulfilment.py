"""Mails about addresses, choices, what arrived and what did not, and money asked back."""

import uuid
from datetime import timedelta

from home.models import OutgoingMail
from pledges import address_checks, arrivals, refund_decisions, refund_requests
from pledges.enums import ProblemKind
from pledges.fulfilment import today_in
from pledges.models import PledgeItem, Problem
from tests.factories.surveys import make_survey
from tests.pledges.fulfilment_mails import SURVEY_MAILS, give_address, send
from tests.samples import in_language, sample
from tests.samples.money import pledge_of


def item_of(pledge):
    return PledgeItem.objects.select_related("pledge__backer", "reward", "cooperative").get(pledge=pledge)


def to_team(kind, member, language):
    """The last mail of a kind to someone of the team."""
    return in_language(OutgoingMail.objects.filter(kind=kind, user=member).latest("pk"), language)


@sample("address_check")
def of_an_address(kind, campaign, language, member):
    pledge = pledge_of(campaign, language)
    give_address(pledge)
    today = today_in(campaign.cooperative)
    days = {"ship_on": today + timedelta(days=20), "lock_on": today + timedelta(days=10)}
    assert address_checks.ask(campaign, [item_of(pledge).reward], by=None, **days)
    return pledge.backer.mails.get(kind=kind)


@sample(*SURVEY_MAILS)
def of_a_survey(kind, campaign, language, member):
    """The reminders are about the same survey."""
    pledge = pledge_of(campaign, language)
    make_survey(item_of(pledge).reward, opened=True)
    mail = pledge.backer.mails.get(kind="survey_opened")
    mail.kind = kind
    mail.save()
    return mail


@sample("delivery_check")
def of_what_may_have_arrived(kind, campaign, language, member):
    pledge = pledge_of(campaign, language)
    send(item_of(pledge), days_ago=15)
    arrivals.ask(campaign.cooperative)
    return pledge.backer.mails.get(kind=kind)


@sample("problem_reported", "problem_answered")
def of_a_problem(kind, campaign, language, member):
    pledge = pledge_of(campaign, language)
    item = item_of(pledge)
    send(item)
    assert arrivals.report(item, kind=ProblemKind.DAMAGED, text="Le sac\nest déchiré & vide.")
    if kind == "problem_reported":
        return to_team(kind, member, language)
    assert arrivals.answer(Problem.objects.get(item=item), text="Un autre part demain.", by=member)
    return pledge.backer.mails.get(kind=kind)


@sample("refund_requested", "refund_to_decide", "refund_answered")
def of_money_asked_back(kind, campaign, language, member):
    pledge = pledge_of(campaign, language)
    request = refund_requests.ask(item_of(pledge), "Le texte, en entier.")
    if kind == "refund_to_decide":
        return to_team(kind, member, language)
    if kind == "refund_answered":
        answer = "Le reste, à la livraison."
        refund_decisions.grant(request, amount=1250, answer=answer, by=member, key=uuid.uuid4())
    return pledge.backer.mails.get(kind=kind)
