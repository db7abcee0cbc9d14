"""The choices of this room."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MailingKind(models.TextChoices):
    NEWS = "news", _("News")
    DELAY = "delay", _("Delay notice")


class MailingState(models.TextChoices):
    """Changed only by updates.sending. SENDING covers one that is to leave later (`Mailing.send_at`)."""

    FREEZING = "freezing", _("Writing the list")
    SENDING = "sending", _("Being sent")
    PAUSED = "paused", pgettext_lazy("mailing", "Paused")
    DONE = "done", _("Sent")
    CANCELLED = "cancelled", pgettext_lazy("mailing", "Cancelled")


class PauseReason(models.TextChoices):
    """Why a mailing stands still."""

    NONE = "", _("Not paused")
    PERSON = "person", _("Paused by someone of the team")
    BOUNCES = "bounces", _("Too many addresses refused")
    COMPLAINTS = "complaints", _("Too many complaints")


class Act(models.TextChoices):
    """What was done with a mailing once it was frozen. By nobody: the mailing did it by itself."""

    PAUSED = "paused", pgettext_lazy("mailing", "Paused")
    RESUMED = "resumed", pgettext_lazy("mailing", "Resumed")
    CANCELLED = "cancelled", _("What had not left was cancelled")
    RESCHEDULED = "rescheduled", _("Another time was set")
    TEXT_CAME = "text_came", _("The text in the readers’ language is online")
    SENT_WITH_NOTE = "with_note", _("The other language is sent with a note")
    WAITING_CANCELLED = "waiting_off", _("Whoever waited for the text gets nothing")
    DOUBT_LEFT = "doubt_left", _("An email in doubt: it had left")
    DOUBT_AGAIN = "doubt_again", _("An email in doubt: it had not left, and leaves again")


class Audience(models.TextChoices):
    """Who may read an update."""

    PUBLIC = "public", _("Everyone")
    BACKERS = "backers", _("Backers of the campaign only")
    TIERS = "tiers", _("Backers of some rewards only")


class MilestoneState(models.TextChoices):
    """Where a step of the work stands."""

    DONE = "done", pgettext_lazy("milestone", "Done")
    TO_COME = "to_come", pgettext_lazy("milestone", "To come")


class QuestionState(models.TextChoices):
    """Changed by updates.questions."""

    WAITING = "waiting", pgettext_lazy("question", "To answer")
    ANSWERED = "answered", pgettext_lazy("question", "Answered")
    CLOSED = "closed", pgettext_lazy("question", "Closed without an answer")


class MissingLanguage(models.TextChoices):
    """What was chosen for readers whose language the update lacks."""

    NONE = "none", _("Both texts were there")
    WAIT = "wait", _("Wait for the translation")
    SEND_OTHER = "send_other", _("Send the other language with a note")
