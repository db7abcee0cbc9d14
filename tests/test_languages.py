"""Every visible string goes through gettext, and the French of each is there.

The first is seen by reading pages under a pseudo-locale: a catalogue that puts every string between ⟦ and ⟧. What a
page then shows outside the marks was not written through gettext, unless it is what people wrote or a date, an amount
or a name; those are listed here, page content in OWN_WORDS, formats in FORMATS.
"""

import html
import os
import re
import shutil
import uuid
from datetime import date, timedelta
from html.parser import HTMLParser

import polib
import pytest
import time_machine
from django.urls import clear_url_caches, reverse
from django.utils.translation import gettext, ngettext, override
from wagtail.models import Locale

from campaigns import end_dates, following
from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign
from home import clock, outbox
from home.mail import composing, unsubscribing
from home.mail.registry import all_kinds, kind_of
from home.models import OutgoingMail, Role, TextPage, User
from home.tenancy import within
from pledges import (
    continuing,
    email_changes,
    extending,
    refund_decisions,
    refund_requests,
    resuming,
    subscribing,
    tasks,
)
from pledges.change_plans import snapshot
from pledges.enums import FulfilmentState, PaymentState, PledgeState
from pledges.forms import quantity_name
from pledges.links import contribution_token
from pledges.models import DataRequest, DatePromise, Dispute, FraudWarning, PledgeChange, PledgeItem, Refund, Settlement
from sandbox import translations
from tests.factories.books import make_offline, make_payout
from tests.factories.campaigns import body_of, end_now, make_campaign, two_tiers
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.pledges import fulfilment_mails
from tests.samples import make_mail
from tests.updates.making import NEXT_FR, REASON_FR, make_update, notice_block, tell
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.models import DelayNotice
from updates.sending import send_news

OPEN, CLOSE = "⟦", "⟧"

#: What editors and backers wrote, and names.
OWN_WORDS = (
    "La Meule commune, coopérative de solidarité",
    "La Meule commune",
    "4, chemin du Moulin, Saint-Aurèle (Québec) G0L 0X0",
    "bonjour@meule.example",
    "Le grain d’ici, moulu ici.",
    "Remettre la meule en marche",
    "Le four",
    "Onze fermes, un village et une pierre de 900 kg.",
    "Saint-Aurèle",
    "Un moulin fermé depuis 1974",
    "Il manque la pierre.",
    "Le sac de farine",
    "La boîte du meunier",
    "Deux kilos de farine de blé.",
    "La meule, de près",
    "On voit la meule tourner.",
    "La pierre est là",
    "La pierre est arrivée.",
    "Elle pèse 900 kg.",
    REASON_FR,
    NEXT_FR,
    "Textes de la coopérative",
    "Le texte, en entier.",
    "Rosalie Tremblay",
    "Rosalie Tremblay-Bélanger",
    "Camille Rivard",
    "camille@example.com",
    "Postes Canada",
    "J’accepte que ma carte soit débitée si l’objectif est atteint.",
    "J’autorise…",
    "12, rue du Moulin",
    "(Québec) G0L 0X0",
    "Canada",
    "Taille",
    "Nom à graver",
    "Moyen",
    "Le sac est déchiré & vide.",
    "Un autre part demain.",
)

#: The other language's own name, in the link that leads there.
LANGUAGE_SWITCH = "English"

#: What formats give, and what a browser or a provider reads: never gettext's.
MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
SHORT_MONTHS = r"janv\.|févr\.|mars|avr\.|mai|juin|juill\.|août|sept\.|oct\.|nov\.|déc\."
FORMATS = (
    re.compile(rf"(?:1er|\d{{1,2}}) (?:{MONTHS}) \d{{4}}(?:, à \d{{1,2}}\u00a0h(?:\u00a0\d\d)? \(heure de l’Est\))?"),
    re.compile(rf"\b(?:{MONTHS}) \d{{4}}\b"),
    re.compile(rf"^\s*(?:{SHORT_MONTHS})(?: \d{{4}})?\s*$"),
    re.compile(r"https?://\S+"),
    re.compile("RSS|Atom"),
)

LETTER = re.compile(r"[^\W\d_]")
SPOKEN = {"aria-label", "alt", "title", "placeholder"}
SILENT = {"script", "style"}


@pytest.fixture
def pseudo(settings, tmp_path):
    """French in which every string of ours stands between marks; addresses stay what they are."""
    folder = tmp_path / "pseudo" / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    marked(polib.pofile(str(translations.CATALOGUE))).save_as_mofile(str(folder / "django.mo"))
    settings.LOCALE_PATHS = [tmp_path / "pseudo"]  # Django forgets its catalogues when this setting changes.
    clear_url_caches()
    yield
    clear_url_caches()


def marked(catalogue):
    """The catalogue with its own msgids, marked, in the place of the French."""
    for entry in catalogue:
        if is_address(entry):
            continue
        if entry.msgid_plural:
            entry.msgstr_plural = {0: mark(entry.msgid), 1: mark(entry.msgid_plural)}
        else:
            entry.msgstr = mark(entry.msgid)
    return catalogue


def mark(text):
    """Marked inside the line ends that gettext wants kept."""
    inner = text.strip("\n")
    return text.replace(inner, f"{OPEN}{inner}{CLOSE}", 1)


def is_address(entry):
    """Of a page, or of a file such as a feed."""
    return " " not in entry.msgid and re.search(r"/$|/[\w-]+\.[a-z]+$|<\w+:\w+>", entry.msgid) is not None


class Reader(HTMLParser):
    """What a page shows or says aloud, in order; a new line where a tag stands."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.shown, self.spoken, self.silent = [], [], 0

    def handle_starttag(self, tag, attrs):
        self.silent += tag in SILENT
        self.shown.append("\n")
        self.spoken += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag):
        self.silent -= tag in SILENT
        self.shown.append("\n")

    def handle_data(self, data):
        if not self.silent:
            self.shown.append(data)


def unmarked(markup):
    """The texts of a page that stand outside the marks and are not what people wrote."""
    reader = Reader()
    reader.feed(markup)
    pieces = outside("".join(reader.shown)).splitlines()
    pieces += [piece for text in reader.spoken for piece in outside(text).splitlines()]
    return sorted({piece.strip() for piece in pieces if LETTER.search(remainder(piece))})


def outside(text):
    """The text without what stands between marks, however deep."""
    kept, depth = [], 0
    for sign in text:
        depth += sign == OPEN
        if depth == 0 or sign == "\n":
            kept.append(sign)
        depth -= sign == CLOSE
    assert depth == 0
    return "".join(kept)


def remainder(piece):
    for pattern in FORMATS:
        piece = pattern.sub(" ", piece)
    for words in sorted([*OWN_WORDS, LANGUAGE_SWITCH], key=len, reverse=True):
        piece = piece.replace(words, " ")
    return piece


def assert_marked(response, status=200):
    assert response.status_code == status
    markup = response.content.decode()
    assert OPEN in markup
    assert unmarked(markup) == []


# ---------------------------------------------------------------- what the pages show


def video():
    value = {
        "url": "https://vimeo.com/76979871",
        "title": "La meule, de près",
        "duration": 130,
        "poster": None,
        "transcript": "<p>On voit la meule tourner.</p>",
    }
    return {"type": "video", "id": str(uuid.uuid4()), "value": value}


@pytest.fixture
def visitor(cooperative, on_host):
    return on_host(cooperative)


@pytest.fixture
def campaign(cooperative):
    """One with everything a campaign page shows: a video, pledges, a gone tier, an update that announces a delay."""
    campaign = make_campaign(cooperative, body=body_of(two_tiers(), extra=[video()]))
    with within(cooperative):
        flour, box = campaign.rewards.order_by("position")
        make_pledge(campaign, rewards=[(box, 10)], paid=False)
        announce(make_update(campaign, notice_block([flour])), by=None, missing_language=MissingLanguage.NONE)
    return campaign


@pytest.fixture
def flexible(cooperative):
    return make_campaign(cooperative, title="Le four", funding_model=FundingModel.FLEXIBLE)


def page_of(campaign):
    with within(campaign.cooperative), override("fr"):
        return next(
            page for page in campaign.cooperative.site.root_page.get_descendants() if page.title == campaign.title
        )


def end(campaign, state):
    with within(campaign.cooperative):
        end_now(campaign)
        figures = {"pledged_at_deadline": 65_000, "backers_at_deadline": 1}
        Campaign.objects.filter(pk=campaign.pk).update(state=state, outcome=state, **figures)
        campaign.refresh_from_db()
        now = clock.now()
        Settlement.objects.create(
            cooperative=campaign.cooperative, campaign=campaign, started_at=now, grace_ends_at=now + timedelta(days=7)
        )


def address(name, *args):
    with override("fr"):
        return reverse(name, args=args)


def own(pledge, name="contribution"):
    with within(pledge.cooperative), override("fr"):
        return reverse(name, args=[contribution_token(pledge)])


def filled_in(campaign, **fields):
    with within(campaign.cooperative):
        reward = campaign.rewards.order_by("position").first()
    data = {"name": "Camille Rivard", "email": "camille@example.com", "language": "fr", "attempt": str(uuid.uuid4())}
    return data | {quantity_name(reward): "1", f"price_{reward.pk}": str(reward.amount)} | fields


# ---------------------------------------------------------------- the pseudo-locale


def test_the_marks_are_found(pseudo):
    with override("fr"):
        assert gettext("Sold out") == f"{OPEN}Sold out{CLOSE}"
        assert ngettext("%(n)s day left", "%(n)s days left", 2) == f"{OPEN}%(n)s days left{CLOSE}"


def test_what_is_not_marked_is_found():
    words = f"Merci {OPEN}à <b>tous {OPEN}ici{CLOSE}</b>{CLOSE} Camille Rivard, <i>31 octobre 2026</i>"
    shown = f'<p>{words}</p><img alt="Une roue">'
    assert unmarked(shown) == ["Merci", "Une roue"]
    assert unmarked(f"<style>p {{ }}</style><p>{OPEN}Total{CLOSE} · 45,00 $</p>") == []


@pytest.mark.parametrize("state", [None, CampaignState.FUNDED, CampaignState.MISSED])
def test_the_home_page(pseudo, campaign, visitor, state):
    if state:
        end(campaign, state)
    assert_marked(visitor.get("/fr/"))


def test_a_home_page_without_campaigns(pseudo, cooperative, visitor):
    assert_marked(visitor.get("/fr/"))


def test_a_text_page(pseudo, cooperative, visitor):
    with within(cooperative):
        page = cooperative.site.root_page.add_child(
            instance=TextPage(
                title="Textes de la coopérative",
                locale=Locale.objects.get(language_code="fr"),
                body=[{"type": "text", "id": str(uuid.uuid4()), "value": {"text": "<p>Le texte, en entier.</p>"}}],
            )
        )
        page.save_revision().publish()
    assert_marked(visitor.get(page.get_url()))


def test_a_page_that_is_not_there(pseudo, cooperative, visitor):
    assert_marked(visitor.get("/fr/nulle-part/"), 404)


@pytest.mark.parametrize("state", [None, CampaignState.FUNDED, CampaignState.MISSED])
def test_a_campaign_page(pseudo, campaign, visitor, state):
    if state:
        end(campaign, state)
    assert_marked(visitor.get(page_of(campaign).get_url()))


@pytest.mark.parametrize("state", [None, CampaignState.ENDED])
def test_a_flexible_campaign_page(pseudo, flexible, visitor, state):
    make_pledge(flexible)
    if state:
        end(flexible, state)
    assert_marked(visitor.get(page_of(flexible).get_url()))


def test_an_update_page(pseudo, campaign, visitor):
    with within(campaign.cooperative):
        update = page_of(campaign).get_children().get()
    assert_marked(visitor.get(update.get_url()))


def test_the_form_and_the_review(pseudo, campaign, flexible, visitor):
    for one in (campaign, flexible):
        assert_marked(visitor.get(address("contribute", one.pk)))
        review = address("contribute_review", one.pk)
        assert_marked(visitor.post(review, filled_in(one)))
        assert_marked(visitor.post(review, filled_in(one, confirm="1", news="on", extra="5")))


def test_the_form_with_things_to_review(pseudo, campaign, visitor):
    review = address("contribute_review", campaign.pk)
    assert_marked(visitor.post(review, {"language": "fr", "attempt": str(uuid.uuid4())}))
    wrong = {"name": "Camille Rivard", "email": "camille", "extra": "beaucoup", "language": "fr"}
    assert_marked(visitor.post(review, wrong | {"attempt": str(uuid.uuid4())}))


def test_the_form_of_a_campaign_that_ended(pseudo, campaign, visitor):
    end(campaign, CampaignState.FUNDED)
    assert_marked(visitor.get(address("contribute", campaign.pk)))
    assert_marked(visitor.post(address("contribute_review", campaign.pk), filled_in(campaign)))


@pytest.mark.parametrize("state", list(PledgeState))
def test_a_contribution(pseudo, cooperative, campaign, visitor, state):
    assert_marked(visitor.get(own(make_pledge(campaign, state=state, paid=False, extra=500))))


@pytest.mark.parametrize("state", list(PaymentState))
def test_a_contribution_whose_campaign_is_over(pseudo, campaign, visitor, state):
    pledge = make_pledge(campaign, payment_state=state, extra=500)
    end(campaign, CampaignState.FUNDED)
    assert_marked(visitor.get(own(pledge)))
    if state in {PaymentState.ACTION, PaymentState.MEND}:
        assert_marked(visitor.get(own(pledge, "contribution_mend")))


@pytest.mark.parametrize("state", list(FulfilmentState))
def test_a_reward_on_its_way(pseudo, flexible, visitor, state):
    pledge = make_pledge(flexible)
    with within(flexible.cooperative):
        PledgeItem.objects.update(
            state=state, state_since=clock.now(), carrier="Postes Canada", first_month=date(2026, 1, 1)
        )
        make_refund(payment_of(pledge), amount=500)
    assert_marked(visitor.get(own(pledge)))


def test_a_refund_asked_for_and_a_new_date(pseudo, flexible, visitor):
    pledge, other = make_pledge(flexible), make_pledge(flexible, paid=False)
    with within(flexible.cooperative):
        for item in PledgeItem.objects.select_related("pledge"):
            DatePromise.objects.create(
                cooperative=flexible.cooperative, item=item, month=date(2028, 3, 1), made_at=clock.now()
            )
    for one in (pledge, other):
        assert_marked(visitor.get(own(one)))
        assert_marked(visitor.get(own(one, "contribution_refund")))
    with within(flexible.cooperative):
        item = PledgeItem.objects.select_related("pledge").get(pledge=pledge)
        request = refund_requests.ask(item, "Le texte, en entier.")
    assert_marked(visitor.get(own(pledge)))
    assert_marked(visitor.get(own(pledge, "contribution_refund")))
    with within(flexible.cooperative):
        refund_requests.decline(request, "Le texte, en entier.", make_user(flexible.cooperative, Role.TREASURER))
    assert_marked(visitor.get(own(pledge)))


def test_cancelling(pseudo, campaign, flexible, visitor):
    for one in (campaign, flexible):
        pledge = make_pledge(one, paid=one is flexible)
        assert_marked(visitor.get(own(pledge, "contribution_cancel")))
    end(campaign, CampaignState.FUNDED)
    assert_marked(visitor.get(own(make_pledge(campaign), "contribution_cancel")))


def test_links_to_a_contribution(pseudo, cooperative, visitor):
    assert_marked(visitor.get(address("contribution_link")))
    assert_marked(visitor.get(address("contribution_link") + "?sent"))
    assert_marked(visitor.post(address("contribution_link"), {"email": "camille"}))
    assert_marked(visitor.get(address("contribution", "rien")), 410)


def test_ending_the_news(pseudo, campaign, visitor):
    with within(campaign.cooperative):
        tell(make_pledge(campaign, email="camille@example.com").backer, campaign)
        update = make_update(campaign, title="La meule tourne")
        send_news(update, by=None, missing_language=MissingLanguage.NONE)
        mail = OutgoingMail.objects.select_related("backer", "cooperative__site").filter(kind="update_published").get()
        path = unsubscribing.url_for(mail).removeprefix(mail.cooperative.root_url)
    assert_marked(visitor.get(path))
    assert_marked(visitor.post(path))


PLEDGE_MAILS = {  # kind: what the pledge is, how its campaign ended, which attempt or refund it tells of
    "pledge_confirmed": ({"paid": False}, None, ""),
    "contribution_receipt": ({}, None, ""),
    "pledge_cancelled": ({"state": PledgeState.CANCELLED}, None, ""),
    "link_renewed": ({}, None, "link:1"),
    "goal_met_charged": ({}, CampaignState.FUNDED, ""),
    "payment_to_mend": ({"payment_state": PaymentState.MEND}, CampaignState.FUNDED, "0"),
    "pledge_dropped": ({"state": PledgeState.DROPPED}, CampaignState.FUNDED, ""),
    "goal_missed": ({"state": PledgeState.GOAL_MISSED}, CampaignState.MISSED, ""),
    "deadline_extended": ({"paid": False}, "extended", ""),
    "refund_made": ({}, None, "refund"),
    "reward_sent": ({}, None, ""),
    "reward_ready": ({}, None, ""),
    "offline_recorded": ({"paid": False}, None, ""),
    "cheque_bounced": ({"paid": False}, None, "payment"),
    "card_expiring": ({"paid": False}, None, ""),
    "charge_upcoming": ({"paid": False}, None, ""),
    "pledge_changed": ({}, None, "change"),
    "data_exported": ({}, None, "data"),
    "data_to_erase": ({}, None, "data"),
    "data_erased": ({}, None, ""),
}


@pytest.mark.parametrize("kind", PLEDGE_MAILS)
def test_mails_about_a_contribution(pseudo, campaign, kind):
    fields, ended, occasion = PLEDGE_MAILS[kind]
    pledge = make_pledge(campaign, extra=500, **fields)
    if ended == "extended":
        last_day = end_dates.day_of(campaign.deadline, campaign) + timedelta(days=9)
        assert extending.extend(campaign, last_day, by=None, reason_fr=REASON_FR, reason_en=REASON_FR)
    elif ended:
        end(campaign, ended)
    with within(campaign.cooperative):
        if occasion == "refund":
            occasion = f"refund:{make_refund(payment_of(pledge), amount=500).pk}"
        if occasion == "payment":
            occasion = f"payment:{make_offline(pledge, bounced=True).pk}"
        if occasion == "change":
            change = PledgeChange.objects.create(
                cooperative=campaign.cooperative,
                pledge=pledge,
                old_amount=3000,
                old_items=snapshot(pledge),
                amount=3500,
                extra=500,
                asked_at=clock.now(),
            )
            occasion = f"change:{change.pk}"
        if occasion == "data":
            now = clock.now()
            request = DataRequest.objects.create(
                cooperative=campaign.cooperative, backer=pledge.backer, asked_at=now, expires_at=now
            )
            occasion = f"data:{request.pk}"
        facts = {"state": "sent", "carrier": "Postes Canada", "tracking_url": "", "note": "Le texte, en entier."}
        about = f"item:{pledge.items.get().pk}" if kind.startswith("reward_") else pledge.key
        outbox.queue(
            kind_of(kind),
            cooperative=campaign.cooperative,
            subject_key=about,
            to=pledge.backer,
            occasion=occasion,
            facts=facts if kind.startswith("reward_") else {},
        )
    assert_mails_marked(campaign, {kind})


def test_mails_about_an_update(pseudo, flexible):
    with within(flexible.cooperative):
        flour = flexible.rewards.order_by("position").first()
        tell(make_pledge(flexible).backer, flexible)
        tell(make_pledge(flexible, rewards=[], extra=2500).backer, flexible)
        update = make_update(flexible, notice_block([flour]), bilingual=False)
        announce(update, by=None, missing_language=MissingLanguage.SEND_OTHER)
        send_news(update, by=None, missing_language=MissingLanguage.SEND_OTHER)
    assert_mails_marked(flexible, {"delay_announced", "update_published"})


def test_the_mail_to_the_team(pseudo, campaign):
    editor = make_user(campaign.cooperative)
    editor.first_name = "Camille Rivard"
    editor.save()
    end(campaign, CampaignState.FUNDED)
    with within(campaign.cooperative):
        outbox.queue(
            kind_of("campaign_outcome"),
            cooperative=campaign.cooperative,
            subject_key=f"campaign:{campaign.pk}",
            to=editor,
        )
    assert_mails_marked(campaign, {"campaign_outcome"})


def test_mails_to_the_team_about_promises_days_and_weeks(pseudo, flexible):
    editor = make_user(flexible.cooperative)
    editor.first_name = "Camille Rivard"
    editor.save()
    with within(flexible.cooperative):
        flour = flexible.rewards.order_by("position").first()
        make_pledge(flexible).items.update(first_month=date(2026, 1, 1))
        announce(make_update(flexible, notice_block([flour])), by=None, missing_language=MissingLanguage.NONE)
        OutgoingMail.objects.all().delete()
        month = {"month": "2027-10-01", "n": 2, "ready": 0, "missing": 1}
        counted = dict.fromkeys(("new", "cancelled", "asked", "reported", "reviewed", "prepared", "questions"), 2)
        todo = dict.fromkeys(("drafts", "problems", "review", "news", "late"), 2)
        digest = counted | {"amounts": {"CAD": 4500}, "few": [flexible.rewards.last().pk], "todo": todo}
        cooperative = f"cooperative:{flexible.cooperative.pk}"
        about = [
            ("promise_in_one_month", f"reward:{flour.pk}", month),
            ("promise_week_late", f"reward:{flour.pk}", month),
            ("next_news_missed", f"notice:{DelayNotice.objects.get().pk}", {"n": 2}),
            ("editor_digest", cooperative, digest),
            *[
                ("editor_digest", f"{cooperative}:{n}", digest | dict.fromkeys(list(counted)[:n], 0))
                for n in range(1, 6)
            ],
            ("adviser_weekly", cooperative, {"today": clock.now().date().isoformat()}),
        ]
        for kind, key, facts in about:
            outbox.queue(kind_of(kind), cooperative=flexible.cooperative, subject_key=key, to=editor, facts=facts)
    assert_mails_marked(flexible, {kind for kind, _key, _facts in about})


AFTERMATH = {
    "refund_to_approve": ("refund", ""),
    "refund_bounced": ("refund", "refused"),
    "dispute_opened": ("dispute", "open"),
    "dispute_closed": ("dispute", "won"),
    "fraud_warning": ("warning", ""),
    "grace_ended": ("campaign", ""),
}


@pytest.mark.parametrize("kind", AFTERMATH)
def test_mails_to_treasurers_about_what_follows_a_payment(pseudo, campaign, kind):
    treasurer = make_user(campaign.cooperative, Role.TREASURER)
    treasurer.first_name = "Camille Rivard"
    treasurer.save()
    payment = payment_of(make_pledge(campaign))
    subject, occasion = AFTERMATH[kind]
    shared = {"cooperative": campaign.cooperative, "payment": payment}
    with within(campaign.cooperative):
        now = clock.now()
        rows = {
            "refund": make_refund(payment, state="failed"),
            "dispute": Dispute.objects.create(
                **shared, stripe_dispute="dp_1", state=occasion or "open", amount=3000, currency="CAD", opened_at=now
            ),
            "warning": FraudWarning.objects.create(**shared, stripe_warning="iss_1", kind="", warned_at=now),
            "campaign": campaign,
        }
        Refund.objects.update(asked_by=treasurer, note="Le texte, en entier.")
        outbox.queue(
            kind_of(kind),
            cooperative=campaign.cooperative,
            subject_key=f"{subject}:{rows[subject].pk}",
            occasion=occasion,
            to=treasurer,
        )
    assert_mails_marked(campaign, {kind})


MONEY_MAILS = {  # kind: what it is about, with what facts
    "payments_trouble": (
        "cooperative",
        [
            {"what": "paused", "lost_at": "2026-11-01T12:00:00+00:00", "reason": "under_review", "asked": 2},
            {"what": "disconnected", "lost_at": "2026-11-01T12:00:00+00:00", "reason": "", "asked": 0},
            {"what": "due", "due_by": "2026-11-01T12:00:00+00:00", "asked": 1},
        ],
    ),
    "payout_arrived": ("payout", [{}]),
    "settlement_report": ("campaign", [{}]),
}


@pytest.mark.parametrize("kind", MONEY_MAILS)
def test_mails_to_treasurers_about_accounts_and_transfers(pseudo, campaign, kind):
    treasurer = make_user(campaign.cooperative, Role.TREASURER)
    treasurer.first_name = "Camille Rivard"
    treasurer.save()
    payout = make_payout(campaign.cooperative, [payment_of(make_pledge(campaign, fee=117))])
    end(campaign, CampaignState.FUNDED)
    about = {"cooperative": campaign.cooperative, "payout": payout, "campaign": campaign}
    subject, facts_of_each = MONEY_MAILS[kind]
    with within(campaign.cooperative):
        for number, facts in enumerate(facts_of_each):
            outbox.queue(
                kind_of(kind),
                cooperative=campaign.cooperative,
                subject_key=f"{subject}:{about[subject].pk}",
                occasion=str(number),
                to=treasurer,
                facts=facts,
            )
    assert_mails_marked(campaign, {kind})


FULFILMENT_MAILS = [*fulfilment_mails.KINDS, "problem_reported"]


@pytest.mark.parametrize("kind", FULFILMENT_MAILS)
def test_mails_about_what_is_prepared_and_sent(pseudo, flexible, kind):
    made = make_mail(kind, flexible, "fr")
    User.objects.update(first_name="Camille Rivard", last_name="")
    with within(flexible.cooperative):
        OutgoingMail.objects.exclude(pk=made.pk).delete()
    assert_mails_marked(flexible, {kind})


REQUEST_MAILS = {"refund_requested", "refund_to_decide", "refund_answered"}


def test_mails_about_a_refund_asked_for(pseudo, campaign):
    treasurer = make_user(campaign.cooperative, Role.TREASURER)
    with within(campaign.cooperative):
        for number in range(3):
            pledge = make_pledge(campaign)
            item = PledgeItem.objects.select_related("pledge").get(pledge=pledge)
            request = refund_requests.ask(item, "Le texte, en entier.")
            if number:
                refund_decisions.grant(request, amount=1000 * number, answer="", by=treasurer, key=uuid.uuid4())
            else:
                refund_requests.decline(request, "Le texte, en entier.", treasurer)
    assert_mails_marked(campaign, REQUEST_MAILS)


def test_the_mail_of_the_last_hours(pseudo, campaign):
    with within(campaign.cooperative):
        following.follow(campaign, email="camille@example.com", language="fr")
        Campaign.objects.update(launched_at=clock.now() - timedelta(days=1))
        with time_machine.travel(campaign.deadline - timedelta(hours=47), tick=False):
            tasks.tell_last_hours.func(campaign.pk)
    assert_mails_marked(campaign, {"campaign_last_hours"})


def test_the_mail_of_payments_that_resume(pseudo, campaign):
    with within(campaign.cooperative):
        resuming.ask(campaign, email="camille@example.com", language="fr")
        resuming.tell(campaign.cooperative, None)
    assert_mails_marked(campaign, {"payments_resumed"})


def test_the_mail_with_a_link_to_continue(pseudo, campaign):
    with within(campaign.cooperative):
        continuing.send(campaign, email="camille@example.com", language="fr", typed={"extra": "45"})
    assert_mails_marked(campaign, {"contribution_link"})


def test_the_mail_that_asks_to_confirm(pseudo, campaign):
    with within(campaign.cooperative):
        subscribing.ask(campaign, email="camille@example.com", language="fr")
    assert_mails_marked(campaign, {"news_to_confirm"})


NEW_ADDRESS_MAILS = {email_changes.TO_NEW, email_changes.TO_OLD}


def test_a_new_address_its_mails_and_its_pages(pseudo, campaign, visitor):
    pledge = make_pledge(campaign)
    assert_marked(visitor.get(own(pledge, "contribution_email")))
    assert_marked(visitor.post(own(pledge, "contribution_email"), {"email": pledge.backer.email}))
    with within(campaign.cooperative):
        change = email_changes.ask(pledge, "zoe@nouveau.example")
        mail = OutgoingMail.objects.select_related("cooperative__site").get(kind=email_changes.TO_NEW)
        confirm = email_changes.url_for(email_changes.CONFIRM, change, mail).removeprefix(mail.cooperative.root_url)
        undo = email_changes.url_for(email_changes.UNDO, change, mail).removeprefix(mail.cooperative.root_url)
    for act, status in ((visitor.get, 200), (visitor.post, 200), (visitor.get, 410)):
        assert_marked(act(confirm), status)
    assert_mails_marked(campaign, NEW_ADDRESS_MAILS)
    for act, status in ((visitor.get, 200), (visitor.post, 200), (visitor.get, 410)):
        assert_marked(act(undo), status)


def test_no_mail_about_money_is_forgotten_above():
    """A new kind is read under the marks too."""
    others = {"campaign_outcome", "campaign_last_hours", "payments_resumed", "contribution_link", "news_to_confirm"}
    others |= NEW_ADDRESS_MAILS
    read = {*PLEDGE_MAILS, *AFTERMATH, *MONEY_MAILS, *FULFILMENT_MAILS, *REQUEST_MAILS, *others}
    assert {kind.key for kind in all_kinds() if kind.app == "pledges"} == read


def assert_mails_marked(campaign, kinds):
    """The subject, the HTML and the text of each mail that is waiting."""
    with within(campaign.cooperative):
        waiting = list(OutgoingMail.objects.select_related("cooperative__site", "backer", "user"))
        assert {mail.kind for mail in waiting} == kinds
        messages = [composing.compose(mail) for mail in waiting]
    for message in messages:
        assert unmarked(message.alternatives[0].content) == []
        assert unmarked(f"<pre>{html.escape(message.body)}</pre>") == []
        assert unmarked(f"<p>{html.escape(message.subject)}</p>") == []


# ---------------------------------------------------------------- the French


def test_the_french_is_complete_and_none_is_doubtful():
    catalogue = polib.pofile(str(translations.CATALOGUE))
    used = [entry for entry in catalogue if not entry.obsolete]
    assert used
    assert {entry.msgid: faults for entry in used if (faults := translations.entry_faults(entry))} == {}


@pytest.mark.skipif(
    shutil.which("xgettext") is None and os.environ.get("REQUIRE_SERVICES") != "1",
    reason="xgettext is not installed: make services",
)
def test_no_string_of_the_code_is_missing_from_the_french():
    assert translations.check(translations.ROOT, translations.CATALOGUE) == []


def test_french_counts_zero_as_one(settings, tmp_path):
    folder = tmp_path / "real" / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    polib.pofile(str(translations.CATALOGUE)).save_as_mofile(str(folder / "django.mo"))
    settings.LOCALE_PATHS = [tmp_path / "real"]
    with override("fr"):
        said = [
            ngettext("%(n)s person has contributed", "%(n)s people have contributed", n) % {"n": n} for n in range(3)
        ]
    assert said == ["0 personne a contribué", "1 personne a contribué", "2 personnes ont contribué"]
