"""Mails to who contributes nothing yet but asked for something."""

from home.models import OutgoingMail
from pledges import continuing, resuming, subscribing
from tests.samples import sample


def asked_by(language):
    return {"email": f"camille.{language}@courriel.example", "language": language}


def mail_of(kind, campaign):
    return OutgoingMail.objects.filter(kind=kind, subject_key=f"campaign:{campaign.pk}").latest("pk")


@sample("news_to_confirm")
def of_a_confirmation(kind, campaign, language, member):
    subscribing.ask(campaign, **asked_by(language))
    return mail_of(kind, campaign)


@sample("contribution_link")
def of_a_link(kind, campaign, language, member):
    continuing.send(campaign, typed={"extra": "45"}, **asked_by(language))
    return mail_of(kind, campaign)


@sample("payments_resumed")
def of_payments_that_resume(kind, campaign, language, member):
    resuming.ask(campaign, **asked_by(language))
    resuming.tell(campaign.cooperative, None)
    return mail_of(kind, campaign)
