"""The demo's campaigns: written, launched, backed, told of, and two of them ended and partly delivered."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from wagtail.models import Page

from campaigns import ambassadors, lifecycle, publishing
from campaigns.models import Ambassador, Campaign, CampaignPage
from campaigns.publishing import deadline_of
from home import clock
from home.languages import FRENCH, LANGUAGES
from home.models import Cooperative, Role, User
from home.tenancy import within
from pledges import completing, extending, settlement
from sandbox.demo import ageing, crowd
from sandbox.demo.aftermath import Aftermath
from sandbox.demo.content import CampaignText, UpdateText
from sandbox.demo.days import lived_at
from sandbox.demo.founding import address_of
from sandbox.demo.pictures import Album
from sandbox.demo.story import Story
from sandbox.demo.treasury import Treasury
from sandbox.demo.twins import add_both, correct_both, publish_both
from updates import coaching, sending
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.models import Update, UpdatePage

#: While its backers contribute, a campaign that is to be over has still so many days to go.
OPEN_DAYS = 5

#: What an act of the content is done at.
HOUR = 11

#: How long ago a deadline was moved, and the last of those who came after an end did.
EXTENDED_DAYS_AGO = 2
LATE_DAYS_AGO = 1


class Campaigner:
    """Carries out one campaign of the demo for its cooperative. `today` is the day of the loading there."""

    def __init__(self, cooperative: Cooperative, text: CampaignText) -> None:
        self.cooperative, self.text, self.zone = cooperative, text, cooperative.time_zone
        self.now = clock.now()
        self.today = self.now.astimezone(ZoneInfo(self.zone)).date()
        self.stories = {code: Story(text, Album(cooperative), code, self.today) for code in LANGUAGES}
        self.editor = User.objects.get(email=address_of(Role.EDITOR, cooperative.slug))

    def run(self) -> None:
        with within(self.cooperative):
            open_until = self._end_date() if not self.text.is_over else self._day(OPEN_DAYS)
            page = add_both(
                self.cooperative.site.root_page, CampaignPage, *self._pages(open_until), before=self._approve
            )
            campaign = Campaign.objects.select_related("cooperative__site").get(translation_key=page.translation_key)
            lifecycle.launch(campaign, by=self.editor)
            self._name_ambassadors(campaign)
        launched = self._hour(-self.text.launched_days_ago)
        pledges = crowd.gather(campaign, self.text, crowd.contributions(self.text))
        with within(self.cooperative):
            ageing.age_launch(campaign, launched)
            moments = ageing.moments(launched, self._last_moment(), len(pledges), self.text.crowd.seed)
            ageing.age_pledges(pledges, moments)
        Treasury(campaign, self.text, pledges).work()
        self._extend(campaign)
        if self.text.is_over:
            self._end(page, campaign)
        with within(self.cooperative):
            self._go_on(page, campaign)
            if self.text.is_over:
                completing.move_on(Campaign.objects.select_related("cooperative", "settlement").get(pk=campaign.pk))
        self._take_late_ones(campaign)
        if not self.text.is_over:
            coaching.prepare(campaign)

    def look_back(self) -> None:
        """Once its mails have left: what was corrected in a text that people have read."""
        with within(self.cooperative):
            for text in self.text.updates:
                page = UpdatePage.objects.get(slug=text.slug[FRENCH], locale__language_code=FRENCH)
                if text.correction and not self._update_of(page).corrections.exists():
                    french, english = self._update_pages(replace(text, html=text.correction.html))
                    page.body = french["body"]
                    with lived_at(self._hour(-text.correction.days_ago, HOUR)):
                        correct_both(page, english, self.editor)

    def _go_on(self, page: CampaignPage, campaign: Campaign) -> None:
        """Day by day: what is written to backers, and what becomes of their rewards."""
        for days_ago, act in sorted(self._days(page, campaign), key=lambda day: -day[0]):
            with lived_at(min(self._hour(-days_ago, HOUR), self.now)):
                act()

    def _days(self, page: CampaignPage, campaign: Campaign) -> Iterator[tuple[int, Callable[[], None]]]:
        aftermath = Aftermath(campaign, self.text, self.today)
        for update in self.text.updates:
            yield update.days_ago, partial(self._tell, page, update)
        for one in self.text.raw.get("then", []):
            yield one["days_ago"], partial(aftermath.do, one)

    def _approve(self, page: CampaignPage) -> None:
        adviser = User.objects.get(email=address_of(Role.ADVISER, self.cooperative.slug))
        lifecycle.approve(publishing.found(page), by=adviser)

    def _name_ambassadors(self, campaign: Campaign) -> None:
        known = set(Ambassador.objects.filter(campaign=campaign).values_list("code", flat=True))
        for one in self.text.raw.get("ambassadors", []):
            if one["code"] not in known:
                ambassadors.add(campaign, by=self.editor, **one)

    def _day(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def _hour(self, days: int, hour: int = 9) -> datetime:
        return ageing.local_time(self._day(days), hour, self.zone)

    def _end_date(self) -> date:
        return self._day(self.text.ends_in_days)

    def _last_moment(self) -> datetime:
        """Of the last contribution."""
        return min(self.now, deadline_of(self._end_date(), self.cooperative)) - timedelta(hours=2)

    def _pages(self, end_date: date) -> Iterable[dict[str, object]]:
        for code in LANGUAGES:
            yield {
                "title": self.text.title[code],
                "slug": self.text.slug[code],
                **self.text.terms,
                "end_date": end_date,
                "body": self.stories[code].campaign_body(),
            }

    def _end(self, page: CampaignPage, campaign: Campaign) -> None:
        """The days go by: the deadline, which no longer changes, is moved by hand to where time would bring it."""
        if campaign.is_live:
            deadline = deadline_of(self._end_date(), self.cooperative)
            with within(self.cooperative):
                Campaign.objects.filter(pk=campaign.pk).update(deadline=deadline)
                campaign.refresh_from_db()
                page.end_date = self._end_date()
                publish_both(page, list(self._pages(self._end_date()))[1])
        settlement.settle(campaign)
        with within(self.cooperative):
            ageing.age_settlement(campaign)

    def _extend(self, campaign: Campaign) -> None:
        """Once, two days ago."""
        asked = self.text.raw.get("extension")
        if asked is None or campaign.is_extended:
            return
        last_day = self._day(self.text.ends_in_days + asked["days"])
        campaign.refresh_from_db()
        extending.extend(campaign, last_day, by=self.editor, reason_fr=asked["fr"], reason_en=asked["en"])
        with within(self.cooperative):
            ageing.age_extension(campaign, self._hour(-EXTENDED_DAYS_AGO))

    def _take_late_ones(self, campaign: Campaign) -> None:
        campaign.refresh_from_db()
        late = crowd.gather(campaign, self.text, crowd.late_ones(self.text))
        with within(self.cooperative):
            last = self._hour(-LATE_DAYS_AGO)
            ageing.age_pledges(late, [last - timedelta(hours=4 * number) for number in range(len(late))][::-1])

    def _tell(self, parent: CampaignPage, text: UpdateText) -> None:
        """Publish an update, then send or announce it if the content says so."""
        french, english = self._update_pages(text)
        update = self._update_of(add_both(parent, UpdatePage, french, english))
        if text.notice and not update.delay_notices.exists():
            announce(update, by=self.editor, missing_language=MissingLanguage.NONE)
        if text.news and not update.mailings.exists():
            mailing = sending.send_news(update, by=self.editor, missing_language=MissingLanguage.NONE)
            if text.paused:
                sending.pause(mailing, by=self.editor)

    def _update_of(self, page: Page) -> Update:
        rows = Update.objects.select_related("campaign", "cooperative__site")
        return rows.get(translation_key=page.translation_key)

    def _update_pages(self, text: UpdateText) -> Iterable[dict[str, object]]:
        opens = text.public_in_days
        for code in LANGUAGES:
            yield {
                "title": text.title[code],
                "slug": text.slug[code],
                "summary": text.summary[code],
                "body": self.stories[code].update_body(text),
                "audience": text.audience,
                "public_on": None if opens is None else self._day(opens),
            }
