"""What the team enters of a contribution made by other means."""

import uuid

from home.tenancy import within
from pledges import offline_entry
from pledges.offline_entry import EnteredLine, Entry


def entry_of(campaign, *chosen, **fields):
    """`chosen` are (reward, quantity) or (reward, quantity, variant); everything else has a sensible default."""
    lines = [EnteredLine(reward.pk, quantity, *(one.pk for one in variant)) for reward, quantity, *variant in chosen]
    defaults = {
        "campaign_id": campaign.pk,
        "attempt": uuid.uuid4(),
        "name": "Aimé Pelletier",
        "email": "aime@courriel.example",
        "language": "fr",
        "method": "cheque",
        "reference": "nᵒ 118",
        "lines": lines,
        "extra": 0 if chosen else 2500,
    }
    return Entry(**defaults | fields)


def make_offline(campaign, *chosen, by=None, tell=False, **fields):
    """A contribution as the team entered it."""
    with within(campaign.cooperative):
        return offline_entry.enter(campaign.cooperative, entry_of(campaign, *chosen, **fields), by=by, tell=tell)
