"""An entry of the audit log as its reader reads it: amounts, days and roles in their words and formats."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from home import audit, formats
from home.models import AuditEntry, Cooperative, Invitation, Role, User

Facts = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """`url` leads to what it is about, where the admin has a page of it."""

    at: datetime
    moment: str
    who: str
    act: str
    about: str
    url: str
    facts: list[str]


def line_of(entry: AuditEntry, cooperative: Cooperative) -> Line:
    known = audit.acts().get(entry.act)
    kind, _colon, key = entry.subject.partition(":")
    subject = audit.subject_of(kind)
    zone = cooperative.time_zone
    return Line(
        at=entry.at,
        moment=f"{formats.local_day(entry.at, zone)}, {formats.clock_time(entry.at, zone)}",
        who=entry.actor_name or _("By itself"),
        act=str(known.label) if known else entry.act,
        about=_("%(what)s no. %(number)s") % {"what": subject.label, "number": key} if subject else "",
        url=reverse(subject.page, args=[key]) if subject and subject.page else "",
        facts=[text for name in entry.facts if (text := _told(name, entry.facts, cooperative))],
    )


def _told(name: str, facts: Facts, cooperative: Cooperative) -> str:
    """Empty for what another fact says already (the currency of an amount), and for what is empty."""
    if name == "currency" or facts[name] in ("", None, [], {}):
        return ""
    known = audit.fact_of(name)
    if known is None:
        return _pair(name, str(facts[name]))
    text = known.show(facts[name], facts, cooperative)
    return _pair(known.label, text) if text else ""


def _pair(label: audit.Words, text: str) -> str:
    return _("%(label)s: %(text)s") % {"label": label, "text": text}


def _as_text(value: Any, facts: Facts, cooperative: Cooperative) -> str:
    return str(value)


def _amount(value: Any, facts: Facts, cooperative: Cooperative) -> str:
    return formats.money(value, facts.get("currency", cooperative.currency), exact=True)


def show_day(value: Any, facts: Facts, cooperative: Cooperative) -> str:
    """A day as JSON keeps it."""
    return formats.day(date.fromisoformat(value))


def _role(value: Any, facts: Facts, cooperative: Cooperative) -> str:
    return str(Role(value).label)


def _factor(value: Any, facts: Facts, cooperative: Cooperative) -> str:
    words = {"totp": _("application of codes"), "webauthn": _("passkey")}
    return words.get(value, str(value))


def _before_or_after(value: Any, facts: Facts, cooperative: Cooperative) -> str:
    """Roles, a moment, or named values."""
    if isinstance(value, list):
        return ", ".join(str(Role(one).label) for one in value)
    if isinstance(value, dict):
        return ", ".join(str(one) for one in value.values() if one)
    with suppress(ValueError):
        return formats.deadline(datetime.fromisoformat(value), cooperative.time_zone)
    return str(value)


def _changes(value: Any, facts: Facts, cooperative: Cooperative) -> str:
    """Columns of the cooperative: what each was, and is now."""
    return "; ".join(_changed(name, old, new, cooperative) for name, (old, new) in value.items())


def _changed(name: str, old: Any, new: Any, cooperative: Cooperative) -> str:
    def cents(amount: int) -> str:
        return formats.money(amount, cooperative.currency, exact=True)

    words: dict[str, tuple[audit.Words, Any]] = {
        "commission_basis_points": (gettext_lazy("Commission"), formats.rate),
        "commission_fixed": (gettext_lazy("Fixed part of the commission"), cents),
        "second_person_above": (gettext_lazy("Second person above"), cents),
    }
    label, show = words.get(name) or (
        capfirst(str(getattr(Cooperative._meta.get_field(name), "verbose_name", name))),
        _plainly,
    )
    return _pair(label, f"{show(old)} → {show(new)}")


def _plainly(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value or "–")


def show_pairs(value: Any, facts: Facts, cooperative: Cooperative) -> str:
    """What several things were, and are now."""
    return "; ".join(_pair(key, f"{old or '–'} → {new or '–'}") for key, (old, new) in value.items())


audit.fact("amount", gettext_lazy("Amount"), _amount)
audit.fact("person", gettext_lazy("Person"), _as_text)
audit.fact("role", gettext_lazy("Role"), _role)
audit.fact("factor", gettext_lazy("Second factor"), _factor)
audit.fact("before", gettext_lazy("Before"), _before_or_after)
audit.fact("after", gettext_lazy("After"), _before_or_after)
audit.fact("changes", gettext_lazy("Changes"), _changes)
audit.fact("file", gettext_lazy("File"), _as_text)
audit.about(User, gettext_lazy("Account"), "team_member")
audit.about(Invitation, gettext_lazy("Invitation"))
