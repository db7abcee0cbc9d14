"""Publishing an update's page writes the row that mails and feeds refer to, and nothing else.

No mail, no promise. Can be run again at any time with the same result.
"""

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
        update = Update.objects.filter(translation_key=page.translation_key).first() or _found(page, campaign)
        Update.objects.filter(pk=update.pk).update(**{f"title_{page.locale.language_code}": page.title})
        update.refresh_from_db()
        return update


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
