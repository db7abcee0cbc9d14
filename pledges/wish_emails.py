"""Mails to who contributes nothing yet but asked for something: to be told when payments
resume, the news of a campaign, or a link to go on.

`subject_key` is `campaign:<id>`.
"""

from django.utils.translation import gettext

from campaigns.emails import fill_opening
from campaigns.models import Campaign
from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges import continuing, subscribing


def _campaign_of(mail: OutgoingMail) -> Campaign:
    return Campaign.objects.select_related("cooperative__site").get(pk=int(mail.subject_key.rpartition(":")[2]))


def fill_to_confirm(mail: OutgoingMail) -> Context:
    """A rehearsal leads to the cooperative's own page."""
    campaign = _campaign_of(mail)
    return {
        "title": campaign.title,
        "zone": campaign.cooperative.time_zone,
        "expires_at": mail.created_at + subscribing.LASTS,
        "button_url": subscribing.url_for(campaign, mail) if mail.pk else campaign.cooperative.root_url + "/",
        "button_label": gettext("Confirm this address"),
    }


def fill_link(mail: OutgoingMail) -> Context:
    """A rehearsal leads to the cooperative's own page."""
    campaign = _campaign_of(mail)
    return {
        "title": campaign.title,
        "button_url": continuing.url_for(mail) if mail.pk else campaign.cooperative.root_url + "/",
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
TO_CONFIRM = register(
    MailKind(
        "news_to_confirm",
        "pledges",
        Category.SERVICE,
        "A link to confirm that news is wanted, asked for.",
        fill_to_confirm,
    )
)
