"""What backers are told: updates, delay notices, and the mailings that carry them."""

from updates.models.mailings import Mailing, MailingAct
from updates.models.notices import DelayNotice, NoticePromise
from updates.models.pages import UpdatePage
from updates.models.updates import CoachingDraft, Correction, ReaderQuestion, Update

__all__ = [
    "CoachingDraft",
    "Correction",
    "DelayNotice",
    "Mailing",
    "MailingAct",
    "NoticePromise",
    "ReaderQuestion",
    "Update",
    "UpdatePage",
]
