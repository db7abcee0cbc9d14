"""Updates as an editor makes them: a page in French under the campaign's, its English twin, both published."""

import uuid
from datetime import date, timedelta

from wagtail.models import Locale

from campaigns.models import CampaignPage
from home import backing, clock
from home.models import Cooperative
from home.queries import cooperative_of
from home.tenancy import within
from updates.models import Update, UpdatePage

NEW_MONTH = "2028-03"
REASON_FR, REASON_EN = "La carrière a cassé une lame.", "The quarry broke a blade."
NEXT_FR, NEXT_EN = "La taille reprend le 15.", "Cutting resumes on the 15th."


def text_block(text="<p>La pierre est arrivée.</p>"):
    return {"type": "text", "id": str(uuid.uuid4()), "value": {"text": text}}


def thanks_block(text="Grâce à vous, la pierre tourne."):
    return {"type": "thanks", "id": str(uuid.uuid4()), "value": {"heading": "", "text": f"<p>{text}</p>"}}


def notice_block(
    rewards, *, month=NEW_MONTH, reason=REASON_FR, next_steps=NEXT_FR, next_news_on=None, pledged_before=None
):
    """One delay notice about some rewards, as the StreamField stores it."""
    return {
        "type": "delay_notice",
        "id": str(uuid.uuid4()),
        "value": {
            "rewards": [str(reward.block_id) for reward in rewards],
            "month": month,
            "reason": reason,
            "next_steps": next_steps,
            "pledged_before": pledged_before.isoformat() if pledged_before else None,
            "next_news_on": (next_news_on or date.today() + timedelta(days=45)).isoformat(),
        },
    }


def campaign_page(campaign, language="fr"):
    return CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code=language)


def make_update_page(campaign, *blocks, title="La pierre est là", summary="Elle pèse 900 kg.", publish=True, **fields):
    """The French page of an update, live unless told otherwise."""
    with within(campaign.cooperative):
        page = campaign_page(campaign).add_child(
            instance=UpdatePage(
                title=title,
                summary=summary,
                body=list(blocks) or [text_block()],
                locale=Locale.objects.get(language_code="fr"),
                live=False,
                **fields,
            )
        )
        revision = page.save_revision()
        if publish:
            revision.publish()
        return UpdatePage.objects.get(pk=page.pk)


def translate_update(page, *, title="The stone is here", summary="It weighs 900 kg.", notices=True, publish=True):
    """The English twin; with `notices`, its notices' texts are in English too."""
    english = page.copy_for_translation(Locale.objects.get(language_code="en"))
    english.title, english.summary = title, summary
    for block in english.body:
        if block.block_type == "text":
            block.value["text"].source = "<p>The stone has arrived.</p>"
        elif notices and block.block_type == "delay_notice":
            block.value["reason"], block.value["next_steps"] = REASON_EN, NEXT_EN
    revision = english.save_revision()
    if publish:
        revision.publish()
    return UpdatePage.objects.get(pk=english.pk)


def leave_english_alone(page):
    """Only the English page is online, though French goes first: the cooperative chose that later."""
    cooperative = Cooperative.objects.filter(pk=cooperative_of(page).pk)
    cooperative.update(french_first=False)
    page.unpublish()
    cooperative.update(french_first=True)


def make_update(campaign, *blocks, bilingual=True, **fields):
    """The row of an update that is online."""
    page = make_update_page(campaign, *blocks, **fields)
    with within(campaign.cooperative):
        if bilingual:
            translate_update(page)
        return Update.objects.select_related("campaign__source_locale", "cooperative__site").get(
            translation_key=page.translation_key
        )


def tell(backer, campaign):
    """This backer asked for the campaign's news."""
    with within(campaign.cooperative):
        backing.grant_news(
            backer, campaign.translation_key, text="Je veux recevoir les nouvelles.", language=backer.language
        )


def month(text=NEW_MONTH):
    return date.fromisoformat(f"{text}-01")


def in_days(days):
    return clock.now() + timedelta(days=days)
