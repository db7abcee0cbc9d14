"""What a mailing needs before it is sent, in the database that the settings name: readers by the thousand, and news.

Runs in a process of its own, with Django: see bench.sending.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import connection

from campaigns.models import Campaign
from home.models import Backer, OutgoingMail
from home.tenancy import across_cooperatives, within
from updates.models import Mailing, Update

BLOCKS = 12
PARAGRAPH = (
    "La meule de 900 kg est arrivée mardi de la carrière, sur une remorque que nous a prêtée la ferme voisine. "
    "Il a fallu six personnes et un palan pour la poser. Merci à toutes celles et à tous ceux qui sont venus."
)


def _of_tests(module: str, name: str) -> Any:
    """The tests' makers of rows walk the product's own path; they are not typed."""
    return getattr(import_module(f"tests.{module}"), name)


def make(slug: str, readers: int) -> None:
    """A cooperative with a campaign of so many readers, a third of them in English."""
    cooperative = _of_tests("factories.cooperatives", "make_cooperative")(slug, name=f"Coopérative {slug}")
    campaign = _of_tests("factories.campaigns", "make_campaign")(cooperative)
    _of_tests("updates.many", "readers_many")(campaign, readers)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def new_update(slug: str) -> Update:
    """One more piece of news, in both languages, of a usual length."""
    campaign = campaign_of(slug)
    text_block = _of_tests("updates.making", "text_block")
    blocks = [text_block(f"<p>{PARAGRAPH}</p>") for _block in range(BLOCKS)]
    made: Update = _of_tests("updates.making", "make_update")(campaign, *blocks)
    return made


def campaign_of(slug: str) -> Campaign:
    with across_cooperatives():
        return Campaign.objects.select_related("cooperative__site").get(cooperative__slug=slug)


def clear() -> None:
    """As before the first mailing: what a run leaves does not slow the next."""
    with across_cooperatives():
        Mailing.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {OutgoingMail._meta.db_table} CASCADE")


def count_of(slug: str) -> int:
    campaign = campaign_of(slug)
    with within(campaign.cooperative):
        return Backer.objects.filter(news_consents__topic=campaign.translation_key).count()
