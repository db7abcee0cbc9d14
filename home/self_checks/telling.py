"""The operator's mail about a night's checks: at once where something is wrong, weekly where all is well.

It belongs to no cooperative, and so is no row of the outbox. It leaves before `told_at` is written: a process that dies
between the two has it leave again, with the same Message-ID.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from home import clock
from home.languages import LANGUAGES, TAGS
from home.models import SelfCheckRun
from home.self_checks.registry import check_of

WEEKLY = timedelta(days=6, hours=12)


def to_tell() -> SelfCheckRun | None:
    """The latest run, if its operator is to be written to of it, and has not been."""
    run = SelfCheckRun.objects.exclude(finished_at=None).order_by("-day").first()
    if run is None or run.told_at or not settings.OPERATOR_EMAIL:
        return None
    return run if not run.is_well or _is_a_week_ago() else None


def _is_a_week_ago() -> bool:
    told = SelfCheckRun.objects.exclude(told_at=None).order_by("-told_at").first()
    return told is None or told.told_at is None or told.told_at <= clock.now() - WEEKLY


def tell(run: SelfCheckRun) -> None:
    """Write to OPERATOR_EMAIL, in both languages. Raises what the mail provider's refusal raises: it is tried again."""
    EmailMessage(
        subject=_subject(run),
        body=render_to_string("emails/operator/self_checks.txt", {"run": run, "parts": _parts(run)}),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=settings.OPERATOR_EMAIL,
        headers={"Message-ID": f"<self-checks-{run.day:%Y%m%d}@{settings.MAIL_DOMAIN}>"},
    ).send()
    SelfCheckRun.objects.filter(pk=run.pk, told_at=None).update(told_at=clock.now())


def _subject(run: SelfCheckRun) -> str:
    said = []
    for language in LANGUAGES:
        with translation.override(language):
            said.append(render_to_string("emails/operator/self_checks_subject.txt", {"run": run}).strip())
    return " · ".join(said)


def _parts(run: SelfCheckRun) -> list[dict[str, Any]]:
    """What each language says, French first: the checks with their titles and advice, those at fault first."""
    return [{"language": code, "tag": TAGS[code], "checks": _checks(run, code)} for code in LANGUAGES]


def _checks(run: SelfCheckRun, language: str) -> list[dict[str, Any]]:
    said = []
    with translation.override(language):
        for name, found in run.found.items():
            check = check_of(name)
            words = {"title": str(check.title), "advice": str(check.advice)} if check else {"title": name, "advice": ""}
            said.append(found | words | {"is_well": not (found["count"] or found["failed"])})
    return sorted(said, key=lambda one: one["is_well"])
