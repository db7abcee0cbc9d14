"""The news of an update that thanks, once a campaign has succeeded: its mail says what people made possible."""

from django.urls import reverse
from django.utils.translation import gettext, override

from campaigns import queries
from campaigns.models import Campaign
from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges import totals
from updates.coaching_words import result_of
from updates.emails import UPDATE_PUBLISHED, fill_news, news_apart
from updates.models import Update, UpdatePage


def news_kind_of(update: Update) -> MailKind:
    """What its news leaves as: `thanks` where its page in the campaign's language holds a word of thanks."""
    campaign = update.campaign
    if not campaign.is_over or campaign.is_missed:
        return UPDATE_PUBLISHED
    pages = UpdatePage.objects.live().filter(translation_key=update.translation_key, alias_of=None)
    page = pages.filter(locale_id=campaign.source_locale_id).first() or pages.first()
    thanks = page is not None and any(block.block_type == "thanks" for block in page.body)
    return THANKS if thanks else UPDATE_PUBLISHED


def fill_thanks(mail: OutgoingMail) -> Context:
    """As news; and how many contributed, to what result. The wall is where the button leads, if there is one."""
    context = fill_news(mail)
    campaign: Campaign = context["update"].campaign
    progress = totals.progress_of(campaign)
    figures = {"n": progress.backers, "result": result_of(progress), "news_url": context["button_url"]}
    return context | figures | _button(campaign, mail)


def _button(campaign: Campaign, mail: OutgoingMail) -> Context:
    if not queries.has_wall(campaign):
        return {"button_label": gettext("Read the update online")}
    with override(mail.language):
        address = reverse("wall", args=[campaign.pk])
    return {"button_url": campaign.cooperative.root_url + address, "button_label": gettext("See the wall of thanks")}


THANKS = register(
    MailKind(
        key="thanks",
        app="updates",
        category=Category.NEWS,
        purpose="Thanks for a campaign that succeeded, to backers who asked for its news.",
        fill=fill_thanks,
        apart=news_apart,
    )
)
