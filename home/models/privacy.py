"""What is written about personal data itself: erasures, what retention did, incidents and who was told of them."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from home.models.cooperative import Cooperative
from home.tenancy import ScopedManager


def person() -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )


class Erasure(models.Model):
    """That someone was erased, without saying who: `mark` is a keyed hash of their address (home.privacy.marks).

    `words` is what still names them elsewhere (texts of the team, pages, task rows): emptied with `done_at`, once it
    was looked for everywhere. `listed_at`: it stands in the list that outlives a restore (home.privacy.erasure_list).
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    mark = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField()
    words = models.JSONField(default=list)
    done_at = models.DateTimeField(null=True, blank=True)
    listed_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("erasure")
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=models.Q(done_at=None) | models.Q(listed_at=None),
                name="erasure_to_finish",
            )
        ]

    def __str__(self) -> str:
        return f"{self.cooperative_id} · {self.at:%Y-%m-%d}"


class RetentionRun(models.Model):
    """What a rule of home.privacy.retention did last, and ever; of all cooperatives, as it says nothing of any."""

    rule = models.CharField(max_length=60, primary_key=True)
    ran_at = models.DateTimeField()
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.rule} · {self.done}"


class Seriousness(models.TextChoices):
    """Whether an incident presents a risk of serious injury (Act respecting private information, s. 3.5 to 3.8)."""

    UNDECIDED = "undecided", _("Not assessed yet")
    NONE = "none", _("No risk of serious injury")
    SERIOUS = "serious", _("A risk of serious injury")


class Incident(models.Model):
    """A confidentiality incident, as Québec's regulation has it registered (A-2.1, r. 3.1, s. 7); never deleted.

    It names nobody: `information` describes kinds of information, or says why they cannot be described. `people` is
    empty while unknown. `assessment` says why there is a risk, or none: how sensitive the information is, what may be
    feared of its use and how likely that is.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    began_on = models.DateField(_("happened on, or from"))
    ended_on = models.DateField(_("until"), null=True, blank=True)
    known_on = models.DateField(_("known since"))
    dates_are_approximate = models.BooleanField(_("these dates are approximate"), default=False)
    circumstances = models.TextField(_("what happened"), max_length=4000)
    information = models.TextField(_("personal information concerned"), max_length=4000)
    people = models.PositiveIntegerField(_("people concerned"), null=True, blank=True)
    people_are_approximate = models.BooleanField(_("this number is approximate"), default=False)
    seriousness = models.CharField(_("risk"), max_length=10, choices=Seriousness.choices, default=Seriousness.UNDECIDED)
    assessment = models.TextField(_("why there is a risk of serious injury, or none"), max_length=4000, blank=True)
    measures = models.TextField(_("what was done to reduce the risks"), max_length=4000, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = person()
    changed_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("confidentiality incident")
        verbose_name_plural = _("confidentiality incidents")
        indexes: ClassVar = [models.Index(fields=["cooperative", "-known_on", "-id"], name="incident_latest")]

    def __str__(self) -> str:
        return f"{self.pk} · {self.known_on}"


class Told(models.TextChoices):
    """Who is told of an incident."""

    COMMISSION = "commission", _("Commission d’accès à l’information")
    PEOPLE = "people", _("The people concerned")
    PUBLIC = "public", _("The public, by a public notice")
    OTHER = "other", pgettext_lazy("told of an incident", "Someone else, who may reduce the risk")


class IncidentNotice(models.Model):
    """Who was told of an incident, and when. Only ever added to. `note`: how, and for a public notice why."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notices")
    told = models.CharField(_("who was told"), max_length=10, choices=Told.choices)
    told_on = models.DateField(_("told on"))
    note = models.TextField(_("how, and why so"), max_length=1000, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = person()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("notice of an incident")
        ordering: ClassVar = ["told_on", "id"]

    def __str__(self) -> str:
        return f"{self.incident_id} · {self.told}"
