"""For any sequence of delays, refunds, deliveries, answers and cancellations: rows, own page and mails say the same.

A reference keeps, beside the product, what each item was promised and who must have been told; it knows rows only by
what this test did to them.
"""

import re
import uuid
from datetime import date, datetime, time, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from home import formats
from home.mail import composing
from home.models import OutgoingMail, Role
from home.tenancy import within
from pledges import accepting, fulfilment, refund_decisions, refund_requests
from pledges.enums import FulfilmentState, PledgeState
from pledges.links import contribution_token
from pledges.models import Pledge, PledgeItem
from pledges.promises import history
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_cooperative, make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, notice_block
from updates.announcing import announce
from updates.enums import MissingLanguage

FIRST = date(2027, 10, 1)
TODAY = date.today()
#: Contributions were confirmed one, two, three and four days ago.
BACKERS = 4
ZONE = ZoneInfo("America/Toronto")

who = st.integers(0, BACKERS - 1)
tier = st.integers(0, 1)
months = st.integers(-4, 8)
DELAY = st.tuples(st.just("delay"), st.sets(tier, min_size=1), months, st.none() | st.integers(0, 4))
STEPS = st.one_of(
    DELAY,
    DELAY,
    st.tuples(st.just("deliver"), who, tier),
    st.tuples(st.just("accept"), who, tier),
    st.tuples(st.just("refund"), who, tier, st.booleans()),
    st.tuples(st.just("cancel"), who),
)


def moved(by):
    month = FIRST.month - 1 + by
    return date(FIRST.year + month // 12, month % 12 + 1, 1)


class Reference:
    """What should be so: by (backer, tier), the months promised, whether it is still owed, and what each mail said."""

    def __init__(self):
        self.items = {(one, t): [FIRST] for one in range(BACKERS) for t in range(2)}
        self.agreed = dict.fromkeys(self.items, FIRST)
        self.owed = set(self.items)
        self.told = {one: [] for one in range(BACKERS)}

    def delay(self, tiers, month, before):
        for one in range(BACKERS):
            lines = []
            for t in sorted(tiers):
                confirmed = one + 1  # days ago
                concerned = before is None or confirmed > before
                if (one, t) in self.owed and concerned and self.items[one, t][-1] != month:
                    lines.append((t, self.items[one, t][-1], month))
                    self.items[one, t].append(month)
                    if month <= self.agreed[one, t]:
                        self.agreed[one, t] = month
            if lines:
                self.told[one].append(lines)

    def awaits(self, one, t):
        return (one, t) in self.owed and self.items[one, t][-1] > self.agreed[one, t]


class World:
    """The product, driven as people drive it."""

    def __init__(self, cooperative):
        self.cooperative = cooperative
        self.campaign = make_campaign(cooperative)
        self.treasurer = make_user(cooperative, Role.TREASURER)
        self.rewards = list(self.campaign.rewards.order_by("position"))
        self.pledges = [self._pledge(one) for one in range(BACKERS)]
        self.bystander = make_pledge(self.campaign, rewards=[], extra=1000, email="libre@x.example")

    def _pledge(self, one):
        language = ("fr", "en")[one % 2]
        chosen = [(reward, 1) for reward in self.rewards]
        pledge = make_pledge(self.campaign, rewards=chosen, email=f"b{one}@x.example", language=language, fee=100)
        noon = datetime.combine(TODAY - timedelta(days=one + 1), time(12), ZONE)
        Pledge.objects.filter(pk=pledge.pk).update(confirmed_at=noon)
        return pledge

    def item(self, one, t):
        rows = PledgeItem.objects.select_related("pledge__cooperative")
        return rows.get(pledge=self.pledges[one], reward=self.rewards[t])

    def delay(self, tiers, month, before):
        day = TODAY - timedelta(days=before) if before is not None else None
        chosen = [self.rewards[t] for t in sorted(tiers)]
        block = notice_block(chosen, month=f"{month:%Y-%m}", pledged_before=day)
        update = make_update(self.campaign, block, title=f"Annonce {uuid.uuid4().hex[:6]}")
        announce(update, by=None, missing_language=MissingLanguage.NONE)

    def refund(self, one, t, whole):
        """As a backer asks and a treasurer grants. False where nothing can be asked for."""
        try:
            request = refund_requests.ask(self.item(one, t), "")
        except refund_requests.RequestRefused:
            return None
        amount = request.amount if whole else max(1, request.amount // 2)
        refund_decisions.grant(request, amount=amount, answer="", by=self.treasurer, key=uuid.uuid4())
        return amount >= request.amount

    def said_to(self, one):
        """What the mails about dates said to a backer, in words, in the order they were written."""
        mails = OutgoingMail.objects.filter(kind="delay_announced", backer=self.pledges[one].backer).order_by("pk")
        return [composing.compose(mail) for mail in mails]

    def page_of(self, one):
        pledge = self.pledges[one]
        with translation.override(pledge.language):
            address = reverse("contribution", args=[contribution_token(pledge)])
        html = Client(headers={"host": self.cooperative.site.hostname}).get(address).content.decode()
        return html


def plain(html):
    text = re.sub(r"(?s)<(script|style|svg|head).*?</\1>", " ", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ").split())


def sentence(title, old, new, language):
    values = [formats.month(month, language) for month in (old, new)]
    if language == "fr":
        return f"« {title} », prévue pour {values[0]}, l’est maintenant pour {values[1]}."
    return f"“{title}”, expected in {values[0]}, is now expected in {values[1]}."


def carry_out(world, reference, step):
    kind, *rest = step
    if kind == "delay":
        tiers, by, before = rest
        world.delay(tiers, moved(by), before)
        reference.delay(tiers, moved(by), before)
    elif kind == "deliver":
        one, t = rest
        fulfilment.mark([world.item(one, t).pk], FulfilmentState.DELIVERED, by=None)
        reference.owed.discard((one, t))
    elif kind == "accept":
        one, t = rest
        latest = world.item(one, t).promises.order_by("pk").last()
        accepted = bool(latest) and accepting.accept(world.pledges[one], latest.pk)
        assert accepted == reference.awaits(one, t)
        if accepted:
            reference.agreed[one, t] = reference.items[one, t][-1]
    elif kind == "refund":
        one, t, whole = rest
        if world.refund(one, t, whole):
            reference.owed.discard((one, t))
    else:
        (one,) = rest
        Pledge.objects.filter(pk=world.pledges[one].pk).update(state=PledgeState.CANCELLED)
        reference.owed -= {(one, 0), (one, 1)}


def check(world, reference):
    for one, pledge in enumerate(world.pledges):
        language = pledge.language
        page = world.page_of(one)
        standing = Pledge.objects.get(pk=pledge.pk).state == PledgeState.CONFIRMED
        for t in range(2):
            item = world.item(one, t)
            assert [told.month for told in history(item)] == reference.items[one, t]
            assert accepting.asks(item) == reference.awaits(one, t)
            if standing:
                check_page(page, item, reference, (one, t), language)
        check_mails(world, reference, one, language)
    written = set(OutgoingMail.objects.filter(kind="delay_announced").values_list("address", flat=True))
    assert written == {f"b{one}@x.example" for one, lines in reference.told.items() if lines}


def check_page(page, item, reference, key, language):
    """The history, step by step, and the question where one is asked."""
    part = page.split(f'aria-labelledby="reward-{item.pk}"')[1].split("</article>")[0]
    later = [formats.month(month, language) for month in reference.items[key][1:]]
    trail = re.findall(r"(?s)<ol class=\"trail\">(.*?)</ol>", part)
    shown = plain(trail[0]) if trail else ""
    announced = re.findall(r"(?:New date announced on [^:]+:|Nouvelle date annoncée le [^:]+:) (\w+ \d{4})", shown)
    assert announced == later
    if later:
        assert formats.month(FIRST, language) in shown
    assert ("/date/" in part) == reference.awaits(*key), part


def check_mails(world, reference, one, language):
    messages = world.said_to(one)
    assert len(messages) == len(reference.told[one])
    titles = [item.title_fr if language == "fr" else item.title_en for item in (world.item(one, 0), world.item(one, 1))]
    for message, lines in zip(messages, reference.told[one], strict=True):
        wanted = [sentence(titles[t], old, new, language) for t, old, new in lines]
        for part in (message.body, message.alternatives[0][0]):
            text = plain(part) if "<html" in part else " ".join(part.replace("\u00a0", " ").split())
            assert [words for words in wanted if words not in text] == [], text
            assert len(re.findall(r"is now expected in|l’est maintenant pour", text)) == len(wanted)


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(steps=st.lists(STEPS, min_size=1, max_size=6))
def test_rows_pages_and_mails_tell_one_history(steps):
    translation.activate("fr")
    word = f"c{uuid.uuid4().hex[:8]}"
    cooperative = make_cooperative(word, name=word)
    with within(cooperative):
        world, reference = World(cooperative), Reference()
        for step in steps:
            carry_out(world, reference, step)
        check(world, reference)
