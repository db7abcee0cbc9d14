"""How long this room keeps questions that are not shown: see home.privacy.retention."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from home.privacy.retention import TWO_YEARS, emptied, rule
from updates.asked_by import SHOWN
from updates.models import ReaderQuestion


def _questions(before: datetime) -> QuerySet[ReaderQuestion]:
    said = ReaderQuestion.objects.exclude(text="", answer="").exclude(SHOWN)
    return said.filter(Q(answered_at__lte=before) | Q(answered_at=None, asked_at__lte=before))


rule(
    "updates.questions",
    TWO_YEARS,
    _("Two years after the answer, where it is not shown"),
    _questions,
    emptied(text="", answer=""),
)
