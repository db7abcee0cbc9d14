"""The choices of this room."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MailingKind(models.TextChoices):
    NEWS = "news", _("News")
    DELAY = "delay", _("Delay notice")


class MailingState(models.TextChoices):
    """Changed only by updates.sending."""

    FREEZING = "freezing", _("Writing the list")
    SENDING = "sending", _("Being sent")
    DONE = "done", _("Sent")


class MissingLanguage(models.TextChoices):
    """What was chosen for readers whose language the update lacks."""

    NONE = "none", _("Both texts were there")
    WAIT = "wait", _("Wait for the translation")
    SEND_OTHER = "send_other", _("Send the other language with a note")
