"""What became of a campaign's rewards, as its content says it: sent, asked about, answered, complained of.

Every act is the product's own. Done again, each finds what it did before.
"""

import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from campaigns.models import Campaign, Handover, Reward
from home import clock
from home.models import Role, User
from pledges import (
    accepting,
    address_checks,
    arrivals,
    fulfilment,
    own_settings,
    promises,
    refund_decisions,
    refund_requests,
    refunds,
    surveys,
)
from pledges.enums import FulfilmentState, QuestionKind
from pledges.models import (
    AddressCheck,
    Pledge,
    PledgeItem,
    Problem,
    RefundRequest,
    Survey,
    SurveyOption,
    SurveyQuestion,
    SurveyReply,
)
from pledges.surveys import Given
from sandbox.demo.content import CampaignText
from sandbox.demo.founding import address_of
from sandbox.demo.story import NAMES, tier_id
from updates import questions
from updates.models import ReaderQuestion, Update

#: One act of `[[then]]` as it is written.
Written = dict[str, Any]


class Aftermath:
    """Of one campaign, in its cooperative's scope. Days are counted from the loading, `today`."""

    def __init__(self, campaign: Campaign, text: CampaignText, today: date) -> None:
        self.campaign, self.text, self.today = campaign, text, today
        self.cooperative = campaign.cooperative
        self.editor, self.treasurer = (
            User.objects.get(email=address_of(role, self.cooperative.slug)) for role in (Role.EDITOR, Role.TREASURER)
        )

    def do(self, one: Written) -> None:
        acts: dict[str, Callable[[Written], None]] = {
            "give_addresses": self._give_addresses,
            "mark": self._mark,
            "receive": self._receive,
            "accept": self._accept,
            "ask_refund": self._ask_refund,
            "grant_refund": self._grant_refund,
            "open_survey": self._open_survey,
            "reply": self._reply,
            "check_addresses": self._check_addresses,
            "ask_about_arrivals": self._ask_about_arrivals,
            "report": self._report,
            "answer_problem": self._answer_problem,
            "ask": self._ask,
            "answer": self._answer,
        }
        acts[one["act"]](one)

    def _day(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def _reward(self, key: str) -> Reward:
        return Reward.objects.get(campaign=self.campaign, block_id=tier_id(self.text, key))

    def _items(self, one: Written) -> list[PledgeItem]:
        """What contributors of a tier chose, in order: all, or those at the places in `items`; of one `language`."""
        found = PledgeItem.objects.filter(pledge__campaign=self.campaign, pledge__is_late=False)
        found = found.filter(reward__block_id=tier_id(self.text, one["tier"])).order_by("pk")
        if "language" in one:
            found = found.filter(pledge__language=one["language"])
        rows = list(found.select_related("pledge__backer", "pledge__cooperative"))
        return [rows[place] for place in one["items"]] if "items" in one else rows

    def _give_addresses(self, one: Written) -> None:
        """Whoever has a parcel coming says where it goes, but for those at the places in `but`."""
        posted = Pledge.objects.filter(campaign=self.campaign, items__handover=Handover.POST).distinct()
        for number, pledge in enumerate(posted.select_related("backer").order_by("pk")):
            places = one["places"][pledge.zone or "quebec"]
            if number not in one["but"]:
                place = dict(places[number % len(places)])
                street = f"{4 + 7 * number}, {place.pop('street')}"
                fields = {"recipient": pledge.backer.name, "line1": street, "line2": "", "country": "CA", **place}
                own_settings.set_address(pledge, fields)

    def _mark(self, one: Written) -> None:
        """`tracking` is where each parcel's number stands at the end of the address."""
        state, items = FulfilmentState(one["state"]), self._items(one)
        said = {"by": self.editor, "carrier": one.get("carrier", ""), "note": one.get("note", ""), "at": clock.now()}
        if "tracking" not in one:
            fulfilment.mark([item.pk for item in items], state, **said)
            return
        for place, item in enumerate(items):
            fulfilment.mark([item.pk], state, **said, tracking_url=f"{one['tracking']}{4100 + 13 * place}")

    def _receive(self, one: Written) -> None:
        for item in self._items(one):
            fulfilment.receive(item)

    def _accept(self, one: Written) -> None:
        """The latest date of that day: a later one, where the loading is done again, is another question."""
        for item in self._items(one):
            latest = promises.history(item)[-1]
            if latest.promise_id and latest.announced_at and latest.announced_at <= clock.now():
                accepting.accept(item.pledge, latest.promise_id)

    def _ask_refund(self, one: Written) -> None:
        for item in self._items(one):
            if not RefundRequest.objects.filter(item=item).exists():
                refund_requests.ask(item, one["text"])

    def _grant_refund(self, one: Written) -> None:
        for item in self._items(one):
            if asked := refund_requests.open_request(item):
                key = uuid.uuid5(NAMES, f"{self.campaign.translation_key}/grant/{item.pk}")
                refund_decisions.grant(asked, amount=asked.amount, answer=one["text"], by=self.treasurer, key=key)
        refunds.make_due()

    def _open_survey(self, one: Written) -> None:
        reward = self._reward(one["tier"])
        if Survey.objects.filter(reward=reward).exists():
            return
        survey = Survey.objects.create(
            cooperative=self.cooperative,
            reward=reward,
            intro_fr=one["intro"]["fr"],
            intro_en=one["intro"]["en"],
            asks_address=one["asks_address"],
            lock_on=self._day(one["until_in_days"]),
            created_at=clock.now(),
            created_by=self.editor,
        )
        for position, question in enumerate(one["questions"]):
            _write_question(survey, position, question)
        surveys.open_survey(survey, by=self.editor)

    def _reply(self, one: Written) -> None:
        survey = Survey.objects.get(reward=self._reward(one["tier"]))
        for item in self._items(one):
            if not SurveyReply.objects.filter(survey=survey, item=item).exists():
                given = list(_given(survey, item, one["answers"]))
                surveys.reply(survey, item.pledge, {item.pk: given}, item.pledge.language)

    def _check_addresses(self, one: Written) -> None:
        if not AddressCheck.objects.filter(campaign=self.campaign).exists():
            ship_on, lock_on = (self._day(one[name]) for name in ("ships_in_days", "until_in_days"))
            rewards = [self._reward(key) for key in one["tiers"]]
            address_checks.ask(self.campaign, rewards, ship_on=ship_on, lock_on=lock_on, by=self.editor)

    def _ask_about_arrivals(self, one: Written) -> None:
        arrivals.ask(self.cooperative)

    def _report(self, one: Written) -> None:
        for item in self._items(one):
            if not Problem.objects.filter(item=item).exists():
                arrivals.report(item, kind=one["kind"], text=one["text"])

    def _answer_problem(self, one: Written) -> None:
        for item in self._items(one):
            if problem := arrivals.open_problem(item):
                arrivals.answer(problem, text=one["text"], by=self.editor)

    def _ask(self, one: Written) -> None:
        """A question that someone asks under an update."""
        for item in self._items(one):
            reader = item.pledge.backer
            questions.ask(self._update(one), backer=reader, text=one["text"], language=reader.language)

    def _answer(self, one: Written) -> None:
        readers = [item.pledge.backer_id for item in self._items(one)]
        for question in ReaderQuestion.objects.filter(update=self._update(one), backer__in=readers):
            questions.answer(question, by=self.editor, text=one["text"], shown=True)

    def _update(self, one: Written) -> Update:
        titles = [update.title["fr"] for update in self.text.updates if update.key == one["update"]]
        return Update.objects.get(campaign=self.campaign, title_fr__in=titles)


def _write_question(survey: Survey, position: int, raw: Written) -> None:
    choices = raw.get("choices", [])
    question = SurveyQuestion.objects.create(
        survey=survey,
        position=position,
        kind=QuestionKind.CHOICE if choices else QuestionKind.TEXT,
        label_fr=raw["label"]["fr"],
        label_en=raw["label"]["en"],
        required=bool(choices),
    )
    SurveyOption.objects.bulk_create(
        SurveyOption(
            question=question,
            position=place,
            label_fr=choice["fr"],
            label_en=choice["en"],
            is_default=place == raw["without_answer"],
        )
        for place, choice in enumerate(choices)
    )


def _given(survey: Survey, item: PledgeItem, answers: list[Any]) -> Iterator[Given]:
    """The same for each piece: the place of a choice, or words."""
    for number in range(1, surveys.pieces_of(item) + 1):
        for question, answer in zip(survey.questions.prefetch_related("options"), answers, strict=True):
            if question.kind == QuestionKind.CHOICE:
                yield Given(question, number, option=question.options.all()[answer])
            else:
                yield Given(question, number, text=answer)
