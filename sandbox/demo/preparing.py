"""The demo's campaigns that are not open yet: one announced, one in review with a question of its adviser."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from campaigns import groups, launching, publishing, questions, reviewing
from campaigns.models import Campaign, CampaignPage, ReviewQuestion
from home import clock
from home.languages import FRENCH, LANGUAGES
from home.models import Cooperative, Role, User
from home.tenancy import within
from sandbox.demo import ageing
from sandbox.demo.content import CampaignText
from sandbox.demo.founding import address_of
from sandbox.demo.pictures import Album
from sandbox.demo.story import Story
from sandbox.demo.twins import draft_both, publish_drafts


class Preparer:
    """Writes the pages of one campaign and takes it as far as its content says. Done again, it changes nothing."""

    def __init__(self, cooperative: Cooperative, text: CampaignText) -> None:
        self.cooperative, self.text = cooperative, text
        self.today = clock.now().astimezone(ZoneInfo(cooperative.time_zone)).date()
        self.stories = {code: Story(text, Album(cooperative), code, self.today) for code in LANGUAGES}
        self.editor, self.adviser = (self._person(role) for role in (Role.EDITOR, Role.ADVISER))

    def _person(self, role: Role) -> User:
        return User.objects.get(email=address_of(role, self.cooperative.slug))

    def run(self) -> None:
        with within(self.cooperative):
            page = draft_both(self.cooperative.site.root_page, CampaignPage, *map(self._page, LANGUAGES))
            page = CampaignPage.objects.get(pk=page.pk)
            reviewing.submit(page, by=self.editor) if page.has_workflow else None
            for asked in self.text.raw.get("question", []):
                self._ask(page, asked)
            if "opens_in_days" in self.text.raw:
                self._announce(page)

    def _page(self, code: str) -> dict[str, object]:
        return {
            "title": self.text.title[code],
            "slug": self.text.slug[code],
            "owner": self.editor,
            **self.text.terms,
            "end_date": self._day(self.text.ends_in_days),
            "body": self.stories[code].campaign_body(),
        }

    def _day(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def _ask(self, page: CampaignPage, asked: dict[str, object]) -> None:
        if ReviewQuestion.objects.filter(dossier__translation_key=page.translation_key).exists():
            return
        passages = list(questions.passages_of(groups.latest(page)))
        questions.ask(
            page,
            self.cooperative,
            by=self.adviser,
            text=str(asked[FRENCH]),
            answer_by=self._day(int(str(asked["answer_in_days"]))),
            passage=passages[int(str(asked["passage"]))],
        )

    def _announce(self, page: CampaignPage) -> None:
        """Approved and public; the launch is scheduled."""
        reviewing.approve(CampaignPage.objects.get(pk=page.pk), by=self.adviser)
        publish_drafts(page)
        publishing.project(CampaignPage.objects.get(pk=page.pk))
        campaign = Campaign.objects.get(translation_key=page.translation_key)
        opening = ageing.local_time(self._day(self.text.raw["opens_in_days"]), 9, self.cooperative.time_zone)
        launching.schedule(campaign, opening)
