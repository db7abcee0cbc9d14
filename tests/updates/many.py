"""Thousands of readers in a few statements: one walked the real path, the others are copies."""

import uuid

from home import clock
from home.models import Backer, NewsConsent
from home.tenancy import within
from pledges.enums import FulfilmentState
from pledges.models import Pledge, PledgeItem
from tests.factories.pledges import make_pledge


def readers_many(campaign, count):
    """`count` contributors who asked for news, every third in English; in order."""
    with within(campaign.cooperative):
        pattern = make_pledge(campaign, email="pattern@many.example")
        item, now = pattern.items.get(), clock.now()
        backers = Backer.objects.bulk_create(
            [
                Backer(
                    cooperative=campaign.cooperative,
                    email=f"r{number}@many.example",
                    email_key=f"r{number}@many.example",
                    name=f"Personne {number}",
                    language="fr" if number % 3 else "en",
                    created_at=now,
                )
                for number in range(count)
            ],
            batch_size=1000,
        )
        NewsConsent.objects.bulk_create(
            [
                NewsConsent(
                    cooperative=campaign.cooperative,
                    backer=backer,
                    topic=campaign.translation_key,
                    text="Je veux recevoir les nouvelles.",
                    language=backer.language,
                    granted_at=now,
                )
                for backer in backers
            ],
            batch_size=1000,
        )
        pledges = Pledge.objects.bulk_create(
            [_copy(pattern, backer=backer, attempt=uuid.uuid4()) for backer in backers], batch_size=1000
        )
        PledgeItem.objects.bulk_create([_copy(item, pledge=pledge) for pledge in pledges], batch_size=1000)
        PledgeItem.objects.filter(pledge=pattern).update(state=FulfilmentState.NOT_APPLICABLE)
        return backers


def _copy(row, **fields):
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    copy = type(row)(**values | {"id": None})
    for name, value in fields.items():
        setattr(copy, name, value)
    return copy
