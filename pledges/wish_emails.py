"""Mails to who contributes nothing yet but asked for something: to be told when payments resume.

`subject_key` is `campaign:<id>`.
"""

from campaigns.emails import fill_opening
from home.registry import Category, MailKind, register

RESUMED = register(
    MailKind(
        "payments_resumed", "pledges", Category.NEWS, "Payments have resumed, to who asked to be told.", fill_opening
    )
)
