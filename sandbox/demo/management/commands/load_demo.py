"""Loads the demo once: two cooperatives, their campaigns and backers, through the Stripe double."""

import os
from typing import Any

from django.core.management.base import BaseCommand
from django_tasks_db.models import DBTaskResult
from wagtail.models import Site

from campaigns.models import Campaign
from home import outbox
from home.models import Cooperative
from home.tenancy import across_cooperatives, within
from pledges.models import Pledge
from sandbox.demo import ageing, founding, provider, treasury
from sandbox.demo.campaigning import Campaigner
from sandbox.demo.content import CAMPAIGNS, COOPERATIVES, PREPARING, campaign_text, cooperative_text
from sandbox.demo.preparing import Preparer
from updates import sending

#: The one whose campaigns have charged somebody.
PAID_OUT = "meule"

#: More than the demo writes: what is left after so many goes with the worker.
MAILS = 1000


class Command(BaseCommand):
    help = "Load the demo once; where it is loaded, only follow PORT. A loading that was interrupted goes on."

    def handle(self, *args: Any, **options: Any) -> None:
        port = int(os.environ.get("PORT", "8000"))
        if founding.is_whole():
            self._follow(port)
            return
        self.stdout.write("Loading the demo (once)…")
        self.stdout.flush()
        for slug in COOPERATIVES:
            text = cooperative_text(slug)
            cooperative = founding.found_demo(text, port)
            with within(cooperative):
                founding.write_pages(cooperative, text)
                treasury.register(cooperative, text)
                founding.share_adviser(cooperative)
        for key in CAMPAIGNS:
            campaign = campaign_text(key)
            Campaigner(Cooperative.objects.select_related("site").get(slug=campaign.cooperative), campaign).run()
        for key in PREPARING:
            campaign = campaign_text(key)
            Preparer(Cooperative.objects.select_related("site").get(slug=campaign.cooperative), campaign).run()
        treasury.pay_out(Cooperative.objects.select_related("site").get(slug=PAID_OUT))
        self._send_mails()
        self._look_back()
        founding.make_operator()
        self._say_what_is_there()

    def _follow(self, port: int) -> None:
        """The run's port is part of the addresses that Wagtail and mails write."""
        for site in Site.objects.filter(cooperative__slug__in=COOPERATIVES).exclude(port=port):
            site.port = port
            site.save(update_fields=["port"])

    def _send_mails(self) -> None:
        """To the inbox if it runs, else they wait; the hints of what is done are taken out of the worker's queue."""
        outbox.send_due(limit=MAILS)
        with across_cooperatives():
            ageing.age_sent_mails()
        DBTaskResult.objects.ready().filter(task_path="home.tasks.send_mails").delete()

    def _look_back(self) -> None:
        """What comes after a mail has left: what became of it, its mailing's end, a text that is corrected."""
        for key in CAMPAIGNS:
            text = campaign_text(key)
            cooperative = Cooperative.objects.select_related("site").get(slug=text.cooperative)
            Campaigner(cooperative, text).look_back()
            provider.tell(cooperative, text)
        sending.finish_all()
        with across_cooperatives():
            ageing.age_mailings()
        self._send_mails()

    def _say_what_is_there(self) -> None:
        with across_cooperatives():
            pledges, campaigns = Pledge.objects.count(), Campaign.objects.count()
        self.stdout.write(f"The demo is loaded: {campaigns} campaigns, {pledges} contributions.")
