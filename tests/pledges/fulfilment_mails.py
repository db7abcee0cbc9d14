"""The mails of fulfilment, each made as the product makes it, with the facts that both its parts must hold."""

from home import composing, formats
from home.models import OutgoingMail
from pledges import surveys
from tests.factories.surveys import make_survey

SURVEY_MAILS = ["survey_opened", "survey_reminder_1", "survey_reminder_2"]
KINDS = [*SURVEY_MAILS]


def latest(kind):
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer", "user").filter(kind=kind).latest("pk")
    return composing.compose(mail)


def made(kind, pledge, language):
    """`pledge` is paid for, and its reward is mailed."""
    item = pledge.items.get()
    title = getattr(item, f"title_{language}")
    survey = make_survey(item.reward, opened=True)
    OutgoingMail.objects.update(kind=kind)
    asked = {"fr": "Taille, Nom à graver", "en": "Size, Name to engrave"}[language]
    default = {"fr": "«\u00a0Taille\u00a0»\u00a0: Moyen", "en": "“Size”: Medium"}[language]
    facts = [title, asked, formats.day(survey.lock_on, language)]
    return latest(kind), facts if kind == surveys.OPENED else [*facts, default]
