"""One mail of every registered kind, as it would leave, to someone who reads French or English.

A kind's sample is a function that writes what the mail is about and returns what `outbox.mail_for` takes, or the mail
itself where the product has queued it. Every module of this folder is loaded; a kind without a sample fails
tests/test_every_mail.py.
"""

import importlib
import pkgutil

from home import outbox
from home.mail.registry import Category, kind_of
from home.models import OutgoingMail, Role, User
from home.tenancy import within
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_backer

SAMPLES = {}


def sample(*kinds):
    """Register how the mails of some kinds are made: a function of (kind, campaign, reader's language, team member)."""

    def register(function):
        SAMPLES.update(dict.fromkeys(kinds, function))
        return function

    return register


def member_of(cooperative, role=Role.OWNER):
    address = f"samples-{role}@{cooperative.slug}.example"
    return User.objects.filter(email=address).first() or make_user(
        cooperative, role, address, last_name="Bélanger-Nguyễn"
    )


def reader_of(campaign, language):
    return make_backer(campaign.cooperative, name="Rosalie Tremblay-Bélanger", language=language)


def in_language(mail, language):
    """A mail that was queued for the team, as someone reads it who chose that language."""
    mail.language = language
    mail.save()
    return mail


def make_mail(kind, campaign, language):
    """The row of a mail, saved, with what composing reads."""
    member = member_of(campaign.cooperative)
    with within(campaign.cooperative):
        said = SAMPLES[kind](kind, campaign, language, member)
        if isinstance(said, OutgoingMail):
            mail = said
        else:
            if kind_of(kind).category == Category.TEAM:
                said = {"to": member, "language": language} | said
            mail = outbox.mail_for(kind_of(kind), cooperative=campaign.cooperative, **said)
            mail.save()
        return OutgoingMail.objects.select_related("cooperative__site", "backer", "user").get(pk=mail.pk)


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
