"""What backers are told: updates, delay notices, and the mailings that carry them."""

from updates.models.mailings import Mailing
from updates.models.notices import DelayNotice, NoticePromise
from updates.models.pages import UpdatePage
from updates.models.updates import Update

__all__ = ["DelayNotice", "Mailing", "NoticePromise", "Update", "UpdatePage"]
