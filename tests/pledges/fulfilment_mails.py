"""The mails of fulfilment, each made as the product makes it, with the facts that both its parts must hold."""

from datetime import timedelta

from home import clock, formats
from home.mail import composing
from home.models import OutgoingMail
from pledges import address_checks, arrivals, fulfilment, surveys
from pledges.enums import FulfilmentState, ProblemKind
from pledges.fulfilment import today_in
from pledges.models import DeliveryAddress, PledgeItem, Problem
from tests.factories.surveys import make_survey

SURVEY_MAILS = ["survey_opened", "survey_reminder_1", "survey_reminder_2"]
KINDS = ["address_check", "delivery_check", "problem_answered", *SURVEY_MAILS]


def latest(kind):
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer", "user").filter(kind=kind).latest("pk")
    return composing.compose(mail)


def give_address(pledge, **fields):
    about = {
        "recipient": "Rosalie Tremblay",
        "line1": "12, rue du Moulin",
        "city": "Saint-Aurèle",
        "region": "Québec",
        "postal_code": "G0L 0X0",
        "country": "CA",
    }
    return DeliveryAddress.objects.create(
        cooperative=pledge.cooperative, pledge=pledge, changed_at=clock.now(), **(about | fields)
    )


def send(item, *, days_ago=0):
    assert fulfilment.mark([item.pk], FulfilmentState.SENT, by=None)
    if days_ago:
        PledgeItem.objects.filter(pk=item.pk).update(state_since=clock.now() - timedelta(days=days_ago))
    item.refresh_from_db()


def made(kind, pledge, language):
    """`pledge` is paid for, and its reward is mailed."""
    item = pledge.items.get()
    title = getattr(item, f"title_{language}")
    if kind == "address_check":
        return made_check(pledge, item, title, language)
    if kind in SURVEY_MAILS:
        return made_survey(kind, item, title, language)
    send(item, days_ago=15)
    if kind == "delivery_check":
        arrivals.ask(pledge.cooperative)
        return latest(kind), [title, formats.local_day(item.state_since, pledge.cooperative.time_zone, language)]
    assert arrivals.report(item, kind=ProblemKind.DAMAGED, text="Le sac\nest déchiré & vide.")
    problem = Problem.objects.get()
    assert arrivals.answer(problem, text="Un autre part demain.", by=None)
    today = formats.day(today_in(pledge.cooperative), language)
    return latest(kind), [title, today, "Le sac est déchiré & vide.", "Un autre part demain."]


def made_check(pledge, item, title, language):
    give_address(pledge)
    today = today_in(pledge.cooperative)
    ship_on, lock_on = today + timedelta(days=20), today + timedelta(days=10)
    assert address_checks.ask(pledge.campaign, [item.reward], ship_on=ship_on, lock_on=lock_on, by=None)
    days = [formats.day(day, language) for day in (ship_on, lock_on)]
    return latest("address_check"), [title, "12, rue du Moulin", "Saint-Aurèle (Québec) G0L 0X0", *days]


def made_survey(kind, item, title, language):
    survey = make_survey(item.reward, opened=True)
    OutgoingMail.objects.update(kind=kind)
    asked = {"fr": "Taille, Nom à graver", "en": "Size, Name to engrave"}[language]
    default = {"fr": "«\u00a0Taille\u00a0»\u00a0: Moyen", "en": "“Size”: Medium"}[language]
    facts = [title, asked, formats.day(survey.lock_on, language)]
    return latest(kind), facts if kind == surveys.OPENED else [*facts, default]
