"""What the demo's treasuries did: registered for taxes, recorded cheques and partners' money, refunded, were paid out.

Done again, each finds what it did before.
"""

import uuid
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.models import Campaign, Reward
from home import clock
from home.models import Cooperative, Role, User
from home.tenancy import within
from pledges import matching, offline_entry, payouts, refund_decisions, refunds
from pledges.models import Matching, Payout, Pledge, TaxRegistration
from pledges.offline_entry import EnteredLine, Entry
from sandbox.demo import ageing, double
from sandbox.demo.content import CampaignText, CooperativeText
from sandbox.demo.founding import address_of
from sandbox.demo.story import NAMES, tier_id

REGISTERED_SINCE = date(2023, 7, 1)


def register(cooperative: Cooperative, text: CooperativeText) -> None:
    """For the taxes it collects, under its numbers."""
    for tax in text.taxes:
        TaxRegistration.objects.get_or_create(
            cooperative=cooperative, code=tax["code"], defaults={"number": tax["number"], "starts_on": REGISTERED_SINCE}
        )


def pay_out(cooperative: Cooperative) -> None:
    """All that its balance holds is at the bank since this morning."""
    with within(cooperative):
        if not Payout.objects.exists():
            payouts.follow(cooperative, double.pay_out(cooperative.stripe_account))
            ageing.age_payout(Payout.objects.get())


class Treasury:
    """Of one cooperative, for one campaign; `pledges` are its online ones, in order."""

    def __init__(self, campaign: Campaign, text: CampaignText, pledges: list[Pledge]) -> None:
        self.campaign, self.text, self.pledges = campaign, text, pledges
        self.cooperative = campaign.cooperative
        self.today = clock.now().astimezone(ZoneInfo(self.cooperative.time_zone)).date()
        self.treasurer = User.objects.get(email=address_of(Role.TREASURER, self.cooperative.slug))

    def work(self) -> None:
        raw = self.text.raw
        with within(self.cooperative):
            for number, one in enumerate(raw.get("offline", [])):
                self._enter(number, one)
            for one in raw.get("matching", []):
                self._match(one)
            for one in raw.get("refunds", []):
                self._refund(one)
        refunds.make_due()

    def _ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def _key(self, *names: object) -> uuid.UUID:
        return uuid.uuid5(NAMES, "/".join(str(name) for name in (self.campaign.translation_key, *names)))

    def _enter(self, number: int, one: dict[str, Any]) -> None:
        """A contribution by other means; without `received_days_ago` it is awaited."""
        received = one.get("received_days_ago")
        same = ("name", "language", "method", "email", "zone", "extra", "reference", "company_name", "address")
        entry = Entry(
            campaign_id=self.campaign.pk,
            attempt=self._key("offline", number),
            lines=[EnteredLine(self._reward(key), count) for key, count in one["lines"].items()],
            received_on=None if received is None else self._ago(received),
            **{name: one[name] for name in same if name in one},
        )
        editor = User.objects.get(email=address_of(Role.EDITOR, self.cooperative.slug))
        pledge = offline_entry.enter(self.cooperative, entry, by=editor, tell=True)
        ageing.age_offline(pledge, self._hour(one["days_ago"]))

    def _hour(self, days: int) -> datetime:
        return ageing.local_time(self._ago(days), 10, self.cooperative.time_zone)

    def _reward(self, key: str) -> int:
        return Reward.objects.get(campaign=self.campaign, block_id=tier_id(self.text, key)).pk

    def _match(self, one: dict[str, Any]) -> None:
        partner = one["partner"]
        if Matching.objects.filter(campaign=self.campaign, partner_fr=partner["fr"]).exists():
            return
        received = matching.Received(
            partner["fr"], partner["en"], one["amount"], self._ago(one["days_ago"]), one["reference"]
        )
        matching.record(self.campaign, received, by=self.treasurer)

    def _refund(self, one: dict[str, Any]) -> None:
        """A part of what someone paid; above the cooperative's limit, a second person is awaited."""
        payment = self.pledges[one["number"]].payments.select_related("cooperative").get(part=0)
        refund_decisions.ask(
            payment,
            amount=one["amount"],
            reason=one["reason"],
            note=one["note"],
            by=self.treasurer,
            key=self._key("refund", one["number"]),
        )
