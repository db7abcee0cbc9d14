"""Mails to who contributes nothing yet but asked for something: to be told when payments resume, or a link to go on.

`subject_key` is `campaign:<id>`.
"""

from django.utils.translation import gettext

from campaigns.emails import fill_opening
from campaigns.models import Campaign
from home.models import OutgoingMail
from home.registry import Category, Context, MailKind, register
from pledges import continuing


def fill_link(mail: OutgoingMail) -> Context:
    """A rehearsal leads to the cooperative's own page."""
    campaign = Campaign.objects.select_related("cooperative__site").get(pk=int(mail.subject_key.rpartition(":")[2]))
    return {
        "title": campaign.title,
        "button_url": continuing.url_for(campaign, mail) if mail.pk else campaign.cooperative.root_url + "/",
        "button_label": gettext("Continue my contribution"),
    }


RESUMED = register(
    MailKind(
        "payments_resumed", "pledges", Category.NEWS, "Payments have resumed, to who asked to be told.", fill_opening
    )
)
LINK = register(
    MailKind(
        "contribution_link", "pledges", Category.SERVICE, "A link to go on with a contribution, asked for.", fill_link
    )
)
