"""The words of the register: whom something is about, on what ground and for how long it is kept, what erasing does."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Person(models.TextChoices):
    """Whom what is held is about."""

    BACKER = "backer", _("People who contribute or follow")
    BUSINESS = "business", _("Businesses that contribute")
    AMBASSADOR = "ambassador", _("People who spread the word")
    TEAM = "team", _("The team")
    INVITED = "invited", _("People invited into the team")
    CONTACT = "contact", _("The cooperative’s contacts")
    ANYONE = "anyone", pgettext_lazy("whom information is about", "Anyone")


class Ground(models.TextChoices):
    """Why it may be kept (Québec’s Act, and article 6 of the GDPR)."""

    CONTRACT = "contract", _("Needed for what you asked for")
    CONSENT = "consent", _("Your agreement")
    LAW = "law", _("The law asks for it")
    INTEREST = "interest", _("Needed to run the site, and expected")


class Term(models.TextChoices):
    """For how long, where no rule of retention says it."""

    BOOKS = "books", _("As long as the books; without a name once you are erased")
    PAGE = "page", _("As long as the page; whoever is erased is taken out of it")
    ACCOUNT = "account", _("As long as the account")
    COOPERATIVE = "cooperative", _("As long as the cooperative is here")
    TASKS = "home.tasks", _("Two days")
    ERASING = "erasing", _("Some minutes")
    INCIDENTS = "incidents", _("At least five years after the incident was known")
    MINUTES = "minutes", _("Some minutes, an hour at most")
    FIVE_MINUTES = "five_minutes", _("Five minutes")
    LOGS = "logs", _("As whoever runs the server decides")
    BACKUPS = "backups", _("As whoever runs the server decides; 35 days are advised")
    STRIPE = "stripe", _("As Stripe’s own policy says")


class Erased(models.TextChoices):
    """What erasing a backer does with it. Each word is proved by tests/test_erased_everywhere.py."""

    DELETE = "delete", _("The row goes")
    BLANK = "blank", _("Emptied")
    KEYED = "keyed", _("Replaced by a keyed hash")
    SEARCHED = "searched", _("Your name, email and address are taken out of it")
    NAMELESS = "nameless", _("Stays, and names nobody any more")
    LAW = "law", _("Stays, as the law asks")
    TEAM = "team", _("Not touched: it is about someone else")
    AGAIN = "again", _("Erased again after a restore")
