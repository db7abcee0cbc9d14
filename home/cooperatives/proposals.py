"""What a federation's template says that a cooperative did not take: offered to its direction, never imposed.

Nothing is stored when a template changes. What is offered is read from both each time; only what the direction decided
is written down. Declining is about that version: another change is another offer.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from home import audit, clock
from home.cooperatives import legal_texts
from home.models import Adopted, Cooperative, Federation, FederationPoint, LegalText, OwnPoint, TextKey, User
from home.tenancy import within

ACCEPTED = audit.act("proposal_accepted", _("Proposal of the federation accepted"))
DECLINED = audit.act("proposal_declined", _("Proposal of the federation declined"))
TEMPLATE_CHANGED = audit.act("template_changed", _("Template of the federation changed"))

#: The settings that a template gives, by subject.
SETTINGS = {
    "commission": ("commission_basis_points", "commission_fixed"),
    "max_campaign_days": ("max_campaign_days",),
    "second_person_above": ("second_person_above",),
}


class ProposalGone(Exception):
    """What was accepted or declined is not what is offered now: the template changed, or someone decided already."""


@dataclass(frozen=True)
class Proposal:
    """`old` is what is so now, `new` what the federation proposes; None: nothing, or to be taken away.

    `edited`: of a text, that the cooperative's own words differ from those it was given.
    """

    subject: str
    old: Any
    new: Any
    edited: bool = False

    @property
    def kind(self) -> str:
        """`commission`, `max_campaign_days`, `second_person_above`, `text` or `point`."""
        return self.subject.partition(":")[0]

    @property
    def key(self) -> str:
        return self.subject.partition(":")[2]

    @property
    def version(self) -> str:
        """Names what is offered, so that a decision is about what was read."""
        return hashlib.sha256(json.dumps([self.subject, self.new], sort_keys=True).encode()).hexdigest()[:24]


def template_of(federation: Federation) -> dict[str, Any]:
    """Everything that a template gives, by subject, as JSON holds it."""
    given: dict[str, Any] = {
        subject: {name: getattr(federation, name) for name in names} for subject, names in SETTINGS.items()
    }
    given |= {f"text:{text.key}": legal_texts.words_of(text) for text in federation.texts.all()}
    given |= {f"point:{point.key}": _point_of(point) for point in federation.points.all()}
    return given


def note_change(federation: Federation, before: dict[str, Any], *, by: User) -> None:
    """In the transaction of the change, in each of its cooperatives: what the template says otherwise than `before`."""
    after = template_of(Federation.objects.get(pk=federation.pk))
    changed = sorted(one for one in before.keys() | after.keys() if before.get(one) != after.get(one))
    if not changed:
        return
    for cooperative in Cooperative.objects.filter(federation=federation, rehearses=None).order_by("pk"):
        with within(cooperative):
            audit.record(TEMPLATE_CHANGED, cooperative=cooperative, by=by, what=changed)


def _point_of(point: FederationPoint | OwnPoint) -> dict[str, Any]:
    return {name: getattr(point, name) for name in ("sentence_fr", "sentence_en", "holds_back")}


def adopt_all(cooperative: Cooperative, by: User | None) -> None:
    """On founding, in its scope: settings and texts were taken with it; points are written, and all is remembered."""
    if cooperative.federation is None:
        return
    for subject, value in template_of(cooperative.federation).items():
        kind, _sep, key = subject.partition(":")
        if kind == "point":
            OwnPoint.objects.create(cooperative=cooperative, key=key, **value)
        _remember(cooperative, subject, by, value=value)


def proposals(cooperative: Cooperative) -> list[Proposal]:
    """What is offered now, in the scope of the cooperative: settings, texts, points."""
    if cooperative.federation_id is None:
        return []
    federation = Federation.objects.prefetch_related("texts", "points").get(pk=cooperative.federation_id)
    template, decided = template_of(federation), {row.subject: row for row in Adopted.objects.all()}
    return list(_offered(cooperative, template, decided))


def _offered(cooperative: Cooperative, template: dict[str, Any], decided: dict[str, Adopted]) -> Iterator[Proposal]:
    current, texts = _current(cooperative)
    gone = {one for one in current if one.startswith("point:")} - template.keys()
    for subject, new in (template | dict.fromkeys(sorted(gone))).items():
        row, old = decided.get(subject), current.get(subject)
        if new == old or (row is not None and new == (row.value if row.declined is None else row.declined["value"])):
            continue
        text = texts.get(subject)
        if text is None:
            yield Proposal(subject, old, new)
        else:
            pages = legal_texts.pages_of(text)
            own = {code: legal_texts.page_words(page) for code, page in pages.items()}
            yield Proposal(subject, own, new, edited=legal_texts.is_edited(text))


def _current(cooperative: Cooperative) -> tuple[dict[str, Any], dict[str, LegalText]]:
    """What is so now, by subject; of texts the words before anything was filled in."""
    now: dict[str, Any] = {
        subject: {name: getattr(cooperative, name) for name in names} for subject, names in SETTINGS.items()
    }
    texts = {f"text:{text.key}": text for text in LegalText.objects.filter(cooperative=cooperative)}
    now |= {subject: text.words for subject, text in texts.items()}
    for point in OwnPoint.objects.filter(cooperative=cooperative):
        now[f"point:{point.key}"] = _point_of(point)
    return now, texts


# ------------------------------------------------------------------ deciding


@transaction.atomic
def accept(cooperative: Cooperative, subject: str, version: str, *, by: User) -> bool:
    """True if it holds from now on; False if a text was edited, and waits as a draft. Raises ProposalGone."""
    cooperative = _locked(cooperative)
    proposal = _one(cooperative, subject, version)
    applied = True
    if proposal.kind in SETTINGS:
        Cooperative.objects.filter(pk=cooperative.pk).update(**proposal.new)
        cooperative.refresh_from_db()
        legal_texts.fill_again(cooperative, by=by)
    elif proposal.kind == "text":
        applied = _take_text(cooperative, proposal, by)
    else:
        _take_point(cooperative, proposal)
    _remember(cooperative, subject, by, value=proposal.new)
    facts = {"old": proposal.old, "new": proposal.new} if proposal.kind in SETTINGS else {}
    audit.record(ACCEPTED, cooperative=cooperative, by=by, what=subject, **facts)
    return applied


@transaction.atomic
def decline(cooperative: Cooperative, subject: str, version: str, *, by: User) -> None:
    """Not offered again, until the template says something else. Raises ProposalGone."""
    cooperative = _locked(cooperative)
    proposal = _one(cooperative, subject, version)
    _remember(cooperative, subject, by, declined={"value": proposal.new})
    audit.record(DECLINED, cooperative=cooperative, by=by, what=subject)


def _locked(cooperative: Cooperative) -> Cooperative:
    """One decision at a time."""
    return Cooperative.objects.select_for_update().get(pk=cooperative.pk)


def _one(cooperative: Cooperative, subject: str, version: str) -> Proposal:
    for proposal in proposals(cooperative):
        if (proposal.subject, proposal.version) == (subject, version):
            return proposal
    raise ProposalGone


def _take_text(cooperative: Cooperative, proposal: Proposal, by: User) -> bool:
    text = LegalText.objects.filter(cooperative=cooperative, key=proposal.key).first()
    if text is None:
        legal_texts.write_all(cooperative, {proposal.key: proposal.new})
        return True
    text.cooperative = cooperative
    return legal_texts.rewrite(text, proposal.new, by=by)


def _take_point(cooperative: Cooperative, proposal: Proposal) -> None:
    key = UUID(proposal.key)
    if proposal.new is None:
        OwnPoint.objects.filter(cooperative=cooperative, key=key).delete()
    else:
        OwnPoint.objects.update_or_create(cooperative=cooperative, key=key, defaults=proposal.new)


def _remember(cooperative: Cooperative, subject: str, by: User | None, **what: Any) -> None:
    """An acceptance forgets what was declined before."""
    stamp = {"decided_by": by, "decided_at": clock.now()}
    with within(cooperative):
        fields = {"declined": None} | what | stamp
        Adopted.objects.update_or_create(cooperative=cooperative, subject=subject, defaults=fields)


def label_of(proposal: Proposal) -> str:
    """What it is about, in the reader's language."""
    return _label_of(proposal.subject)


def _label_of(subject: str) -> str:
    kind, _colon, key = subject.partition(":")
    labels = {
        "commission": _("Commission"),
        "max_campaign_days": _("Longest campaign"),
        "second_person_above": _("Refunds that need a second person"),
        "point": _("Point of the launch checklist"),
    }
    return str(labels.get(kind) or TextKey(key).label)


def _show_subjects(value: Any, facts: dict[str, Any], cooperative: Cooperative) -> str:
    """One subject, or several."""
    return ", ".join(dict.fromkeys(_label_of(one) for one in ([value] if isinstance(value, str) else value)))


audit.fact("what", _("Concerns"), _show_subjects)
