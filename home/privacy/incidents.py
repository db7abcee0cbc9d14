"""The register of confidentiality incidents of a cooperative: written, assessed, told, kept.

Québec's Act (s. 3.5 to 3.8) asks for it, and its regulation says what it holds. Each act leaves an entry in the audit
log, with the names of the columns that changed and never their words. Nothing of it is deleted.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from home import audit, clock
from home.models import Cooperative, Incident, IncidentNotice, Seriousness, Told, User

ADDED = audit.act("incident_added", _("Confidentiality incident recorded"))
CHANGED = audit.act("incident_changed", _("Confidentiality incident changed"))
NOTICE = audit.act("incident_told", _("Someone was told of a confidentiality incident"))

audit.about(Incident, _("Confidentiality incident"), "incident")


def _shown(value: Any, facts: dict[str, Any], cooperative: Cooperative) -> str:
    return ", ".join(str(Incident._meta.get_field(name).verbose_name) for name in value)  # type: ignore[union-attr]


def _told(value: Any, facts: dict[str, Any], cooperative: Cooperative) -> str:
    return str(Told(value).label)


audit.fact("columns", _("Changed"), _shown)
audit.fact("told", _("Who was told"), _told)


@transaction.atomic
def add(incident: Incident, *, by: User) -> Incident:
    """Write a new one, of `incident.cooperative`."""
    incident.created_at = incident.changed_at = clock.now()
    incident.created_by = by
    incident.save()
    audit.record(ADDED, cooperative=incident.cooperative, by=by, subject=incident)
    return incident


@transaction.atomic
def change(incident: Incident, columns: Iterable[str], *, by: User) -> Incident:
    """Save what was corrected or learned since. Nothing is written where nothing changed."""
    changed = sorted(columns)
    if not changed:
        return incident
    incident.changed_at = clock.now()
    incident.save(update_fields=[*changed, "changed_at"])
    audit.record(CHANGED, cooperative=incident.cooperative, by=by, subject=incident, columns=changed)
    return incident


@transaction.atomic
def tell(incident: Incident, told: str, on: date, note: str, *, by: User) -> IncidentNotice:
    """Write down that someone was told."""
    notice = IncidentNotice.objects.create(
        cooperative=incident.cooperative,
        incident=incident,
        told=told,
        told_on=on,
        note=note,
        recorded_at=clock.now(),
        recorded_by=by,
    )
    audit.record(NOTICE, cooperative=incident.cooperative, by=by, subject=incident, told=told)
    return notice


def still_to_tell(incident: Incident) -> list[Told]:
    """Of a serious one, who has to be told and was not. Reads `notices`, which may be prefetched."""
    if incident.seriousness != Seriousness.SERIOUS:
        return []
    told = {notice.told for notice in incident.notices.all()}
    people = {Told.PEOPLE, Told.PUBLIC} & told
    return [one for one in (Told.COMMISSION, Told.PEOPLE) if one not in told and not (one == Told.PEOPLE and people)]
