"""Publishing an update's page writes the row that mails and feeds refer to, and who may read it; nothing else.

No mail, no promise. Can be run again at any time with the same result.
"""

from typing import Any

from django.db import transaction
from django.db.models import Max

from campaigns.models import Campaign
from home import clock
from home.queries import cooperative_of
from home.tenancy import within
from updates.models import Update, UpdatePage


def project(page: UpdatePage) -> Update | None:
    """The row of a live page. None for one that is not live, mirrors another page, or whose campaign has no terms."""
    if not page.live or page.alias_of_id:
        return None
    with within(cooperative_of(page)), transaction.atomic():
        campaign = lock_campaign(page)
        if campaign is None:
            return None
        known = Update.objects.filter(translation_key=page.translation_key).first()
        update = known or _found(page, campaign)
        fields: dict[str, Any] = {f"title_{page.locale.language_code}": page.title}
        if known is None or _leads(page, campaign):
            fields |= {"audience": page.audience, "public_on": page.public_on}
            update.tiers.set(campaign.rewards.filter(block_id__in=page.tiers or []))
        Update.objects.filter(pk=update.pk).update(**fields)
        update.refresh_from_db()
        return update


def _leads(page: UpdatePage, campaign: Campaign) -> bool:
    """Whether this page says who may read it: the source-language page, or the only one there is.

    A translation is older than what its source says now, and would give away what was closed since.
    """
    if page.locale_id == campaign.source_locale_id:
        return True
    group = UpdatePage.objects.filter(translation_key=page.translation_key, alias_of=None)
    return not group.filter(locale_id=campaign.source_locale_id).exists()


def lock_campaign(page: UpdatePage) -> Campaign | None:
    """The campaign whose page is the parent, held so that two updates never take the same number.

    Held without its key, so that pledges go on being written.
    """
    parent = page.get_parent()
    return Campaign.objects.select_for_update(no_key=True).filter(translation_key=parent.translation_key).first()


def _found(page: UpdatePage, campaign: Campaign) -> Update:
    last = Update.objects.filter(campaign=campaign).aggregate(last=Max("number"))["last"] or 0
    return Update.objects.create(
        cooperative_id=campaign.cooperative_id,
        campaign=campaign,
        translation_key=page.translation_key,
        number=last + 1,
        published_at=clock.now(),
    )
