"""How long this room, and Wagtail in it, keep what is about people: see home.privacy.retention."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.admin.models import FormState

from home.models import AuditEntry, Crossing, Invitation, MailEvent, MailState, NewsConsent, OutgoingMail
from home.privacy.retention import (
    AFTER_90_DAYS,
    NINETY_DAYS,
    SEVEN_YEARS,
    THREE_YEARS,
    TWO_YEARS,
    deleted,
    rule,
)

#: Mails that will not leave any more, whatever happens.
OVER = (MailState.SENT, MailState.FAILED, MailState.CANCELLED, MailState.SUPPRESSED)


def _invitations(before: datetime) -> QuerySet[Invitation]:
    done = Q(accepted_at__lte=before) | Q(revoked_at__lte=before)
    return Invitation.objects.filter(done | Q(accepted_at=None, revoked_at=None, expires_at__lte=before))


def _crossings(before: datetime) -> QuerySet[Crossing]:
    return Crossing.objects.filter(expires_at__lte=before)


def _sessions(before: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lte=before)


def _drafts(before: datetime) -> QuerySet[FormState]:
    return FormState.objects.filter(last_updated_at__lte=before)


def _audit(before: datetime) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(at__lte=before)


def _consents(before: datetime) -> QuerySet[NewsConsent]:
    return NewsConsent.objects.filter(withdrawn_at__lte=before)


def _mails(before: datetime) -> QuerySet[OutgoingMail]:
    """That are over, and hold something still."""
    old = OutgoingMail.objects.filter(created_at__lte=before, state__in=OVER)
    detailed = MailEvent.objects.filter(mail=OuterRef("pk")).exclude(detail="")
    return old.filter(~Q(address="") | ~Q(facts={}) | ~Q(last_error="") | Exists(detailed))


def _empty_mails(mails: QuerySet[OutgoingMail]) -> int:
    MailEvent.objects.filter(mail__in=mails.values("pk")).exclude(detail="").update(detail="")
    return mails.update(address="", facts={}, last_error="")


rule("home.invitations", NINETY_DAYS, AFTER_90_DAYS, _invitations, deleted)
rule("home.crossings", timedelta(days=1), _("One day"), _crossings, deleted)
rule("home.sessions", timedelta(), _("Two weeks after the last visit"), _sessions, deleted)
rule("home.drafts", NINETY_DAYS, AFTER_90_DAYS, _drafts, deleted)
rule("home.audit", SEVEN_YEARS, _("Seven years"), _audit, deleted)
rule(
    "home.consents", THREE_YEARS, _("As long as it stands, and three years after it was taken back"), _consents, deleted
)
rule("home.mails", TWO_YEARS, _("Two years; then only that it was written"), _mails, _empty_mails)
