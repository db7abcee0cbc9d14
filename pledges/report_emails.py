"""Mails to treasurers about the debits of a campaign. `subject_key` is `campaign:<id>`."""

from django.urls import reverse
from django.utils.translation import gettext

from campaigns.models import Campaign
from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges.settlement_report import report_of


def fill_report(mail: OutgoingMail) -> Context:
    campaigns = Campaign.objects.select_related("cooperative__site", "settlement")
    campaign = campaigns.get(pk=int(mail.subject_key.rpartition(":")[2]))
    return {
        "campaign": campaign,
        "currency": campaign.currency,
        "zone": campaign.cooperative.time_zone,
        "report": report_of(campaign),
        "grace_ends_at": campaign.settlement.grace_ends_at,
        "button_url": campaign.cooperative.root_url + reverse("pledges_report", args=[campaign.pk]),
        "button_label": gettext("View the report"),
    }


register(MailKind("settlement_report", "pledges", Category.TEAM, "How the debits of a campaign went.", fill_report))
