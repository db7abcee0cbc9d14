"""The mails to a backer about money asked back, with the facts that both their parts must hold."""

import uuid
from datetime import timedelta

from home import clock, formats
from home.models import Role
from pledges import refund_decisions, refund_requests
from pledges.fulfilment import today_in
from pledges.models import PledgeItem
from tests.factories.cooperatives import make_user
from tests.pledges.fulfilment_mails import latest

KINDS = ["refund_answered", "refund_requested"]


def made(kind, pledge, language):
    """`pledge` is paid for by a card, and has one reward twice."""
    item = PledgeItem.objects.select_related("pledge").get(pledge=pledge)
    request = refund_requests.ask(item, "La boîte est arrivée vide.")
    asked_on = formats.local_day(clock.now(), pledge.cooperative.time_zone, language)
    facts = [getattr(item, f"title_{language}"), asked_on, exact(13000, language)]
    if kind == "refund_requested":
        answer_by = formats.day(today_in(pledge.cooperative) + timedelta(days=10), language)
        return latest(kind), [*facts, answer_by, "La boîte est arrivée vide."]
    treasurer = make_user(pledge.cooperative, Role.TREASURER)
    answer = "Le reste\nsuit mardi."
    refund_decisions.grant(request, amount=12000, answer=answer, by=treasurer, key=uuid.uuid4())
    return latest(kind), [*facts, exact(12000, language), "4242", "Le reste suit mardi."]


def exact(cents, language):
    return formats.money(cents, "CAD", language, exact=True)
