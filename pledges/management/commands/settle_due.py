"""Settle what is due: a dry run unless told to write."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import audit, clock, formats
from home.backups import standing
from home.tenancy import across_cooperatives, within
from pledges import forecasting, money_acts, settlement


class Command(BaseCommand):
    help = "Says what settling the ended campaigns would do; --write does it; --predict DAYS rehearses."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help="close, decide, charge or let go")
        parser.add_argument(
            "--predict", type=int, metavar="DAYS", default=0, help="as if DAYS had passed; never writes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"] and standing.is_held():
            raise CommandError("A backup was put back: nothing is settled before `manage.py release`.")
        horizon = clock.now() + timedelta(days=options["predict"])
        with across_cooperatives():
            live = Campaign.objects.filter(state__in=[CampaignState.LIVE, CampaignState.CLOSING], deadline__lte=horizon)
            campaigns = list(live.select_related("cooperative__site").order_by("deadline"))
            resumable = list(settlement.unsettled().exclude(pk__in=[one.pk for one in campaigns]))
        for campaign in campaigns:
            with within(campaign.cooperative):
                self.stdout.write(self._line(forecasting.forecast(campaign)))
        if options["write"] and not options["predict"]:
            for campaign in campaigns + resumable:
                with within(campaign.cooperative):
                    act = money_acts.SETTLEMENT_STARTED
                    audit.record(act, cooperative=campaign.cooperative, by=None, subject=campaign)
                self.stdout.write(f"{campaign.title_fr or campaign.title_en}: {settlement.settle(campaign)}")
        elif not campaigns:
            self.stdout.write("Nothing is due.")

    def _reached(self, forecast: forecasting.Forecast) -> str:
        campaign, pledged = forecast.campaign, forecast.pledged
        money = formats.money(pledged, campaign.currency, "en", exact=True)
        if campaign.counts_units:
            return f"{forecast.units} units of {campaign.goal} reserved, {money} pledged"
        return f"{money} pledged of {formats.money(campaign.goal, campaign.currency, 'en', exact=True)}"

    def _line(self, forecast: forecasting.Forecast) -> str:
        campaign = forecast.campaign

        def money(cents: int) -> str:
            return formats.money(cents, campaign.currency, "en", exact=True)

        return (
            f"{campaign.cooperative.name} · {campaign.title_fr or campaign.title_en}: {forecast.outcome}, "
            f"{self._reached(forecast)} by {forecast.backers}; "
            f"to charge {money(forecast.to_charge)}, commission {money(forecast.commission)}"
        )
