"""Two cooperatives full of words of their own: whoever asks finds the words of one, and moves nothing of the other."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection
from wagtail.search.backends import get_search_backend
from wagtailmedia.models import Media

from campaigns.models import Campaign, CampaignPage, Reward
from home import backing, clock, links
from home.cooperatives.founding import welcome
from home.mail import unsubscribing
from home.models import AuditEntry, Cooperative, Role, User
from home.tenancy import across_cooperatives, within
from pledges import data_links, offline
from pledges.enums import PaymentState, RefundState
from pledges.fulfilment import today_in
from pledges.journal import known_accounts
from pledges.links import contribution_token
from pledges.models import (
    Checkout,
    DataRequest,
    Payment,
    Payout,
    Pledge,
    PledgeItem,
    Refund,
    RefundRequest,
    Settlement,
    StripeEvent,
    TaxRegistration,
)
from tests.factories.books import make_dispute, make_matching, make_payout, register
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_cooperative, make_user
from tests.factories.films import mp4
from tests.factories.offline import make_offline
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.updates.making import campaign_page, make_update, make_update_page, notice_block, tell, text_block
from updates.announcing import announce
from updates.enums import MissingLanguage
from updates.models import Mailing, Update, UpdatePage

OUR_WORD, THEIR_WORD = "Mistral", "Zanzibar"
INSIDERS = ["editor", "adviser", "treasurer", "owner"]
STRANGERS = ["nobody", "anonymous"]


@dataclass(frozen=True)
class House:
    """A cooperative in which every text holds one word."""

    word: str
    cooperative: Cooperative
    campaign: Campaign
    reward: Reward
    pledge: Pledge
    mending: Pledge
    item: PledgeItem
    told: Update
    page: UpdatePage
    draft: UpdatePage
    mailing: Mailing
    checkout: Checkout
    owner: User
    image: Image
    document: Document
    video: Media
    money: "Money"

    @property
    def campaign_page(self) -> CampaignPage:
        with within(self.cooperative):
            return campaign_page(self.campaign)

    @property
    def host(self) -> str:
        return self.cooperative.site.hostname


@dataclass(frozen=True)
class Money:
    """What a treasurer decides about: each of it may be acted on."""

    payment: Payment
    to_approve: Refund
    requested: RefundRequest
    by_hand: Refund
    awaited: Pledge
    received: Pledge
    payout: Payout
    registration: TaxRegistration
    data: DataRequest


def make_money(campaign: Campaign, pledge: Pledge, word: str) -> Money:
    """None of it has a reward: what is handed over is counted elsewhere."""
    cooperative, payment, now = campaign.cooperative, payment_of(pledge), clock.now()
    register(cooperative, "gst")
    awaited, received, cancelled = (
        make_offline(campaign, name=f"Contributrice {word}", email=f"{n}@{word.lower()}.example", tell=False)
        for n in ("trois", "quatre", "cinq")
    )
    contested = make_pledge(campaign, rewards=[], extra=900, backer_name=f"Contributrice {word}", fee=50)
    make_dispute(payment_of(contested))
    make_matching(campaign, partner=f"Fonds {word}")
    with within(cooperative):
        Settlement.objects.create(
            cooperative=cooperative, campaign=campaign, started_at=now, grace_ends_at=now + timedelta(days=7)
        )
        backing.suppress(cooperative, received.backer.email, backing.BOUNCED)
        for one in (received, cancelled):
            offline.receive(payment_of(one), on=now.date(), method="cheque", reference=word, by=None, tell=False)
        return Money(
            payment=payment,
            to_approve=make_refund(payment, amount=500, commission=25, state=RefundState.TO_APPROVE),
            requested=RefundRequest.objects.create(
                cooperative=cooperative,
                item=pledge.items.first(),
                amount=500,
                currency="CAD",
                message=word,
                asked_at=now,
                answer_by=now.date(),
            ),
            by_hand=make_refund(payment_of(cancelled), commission=0, state=RefundState.DUE),
            awaited=awaited,
            received=received,
            payout=make_payout(cooperative, [payment]),
            registration=TaxRegistration.objects.get(),
            data=DataRequest.objects.create(
                cooperative=cooperative, backer=pledge.backer, asked_at=now, expires_at=now + timedelta(days=7)
            ),
        )


def make_house(slug: str, word: str) -> House:
    cooperative = make_cooperative(slug, name=f"Coopérative {word}")
    owner = make_user(cooperative, Role.OWNER, f"{word.lower()}@{slug}.example", last_name=word)
    campaign = make_campaign(cooperative, title=f"Campagne {word}", tiers=[tier(f"Sac {word}"), tier(f"Boîte {word}")])
    named = {"backer_name": f"Contributrice {word}", "via": word.lower()}
    pledge = make_pledge(campaign, email=f"un@{word.lower()}.example", fee=120, **named)
    mending = make_pledge(
        campaign, email=f"deux@{word.lower()}.example", payment_state=PaymentState.MEND, extra=700, **named
    )
    make_refund(payment_of(pledge), amount=1000, commission=50)
    tell(pledge.backer, campaign)
    image, document, video = _make_files(cooperative, word)
    money = make_money(campaign, pledge, word)
    with within(cooperative):
        reward, other = campaign.rewards.order_by("position")
        told = make_update(campaign, notice_block([other], reason=word, next_steps=word), title=f"Retard {word}")
        waiting = make_update(campaign, notice_block([reward], reason=word, next_steps=word), title=f"Nouvelle {word}")
        draft = make_update_page(campaign, text_block(f"<p>{word}</p>"), title=f"Ébauche {word}", publish=False)
        draft.save_revision(user=owner, log_action=True)
        return House(
            word=word,
            cooperative=cooperative,
            campaign=campaign,
            reward=reward,
            pledge=pledge,
            mending=mending,
            item=PledgeItem.objects.get(pledge=pledge),
            told=told,
            page=UpdatePage.objects.get(translation_key=waiting.translation_key, locale__language_code="fr"),
            draft=draft,
            mailing=announce(told, by=owner, missing_language=MissingLanguage.NONE),
            checkout=Checkout.objects.get(pledge=pledge),
            owner=owner,
            image=image,
            document=document,
            video=video,
            money=money,
        )


def _make_files(cooperative: Cooperative, word: str) -> tuple[Image, Document, Media]:
    collection = Collection.objects.get(name=cooperative.name)
    image = Image.objects.create(title=f"Image {word}", file=get_test_image_file(), collection=collection)
    document = Document.objects.create(title=f"Texte {word}", file=ContentFile(b"x", "x.txt"), collection=collection)
    film = ContentFile(b"x", f"{word}.mp4")
    video = Media.objects.create(title=f"Film {word}", file=film, type="video", collection=collection)
    for file in (image, document, video):
        file.tags.add(f"étiquette {word} {file._meta.model_name}")
        get_search_backend().add(file)
    return image, document, video


@pytest.fixture
def ours(db):
    return make_house("meule", OUR_WORD)


@pytest.fixture
def theirs(db):
    return make_house("large", THEIR_WORD)


def visit(house: House, role: str = "anonymous", **options: Any) -> Client:
    """Someone of our cooperative, or of none, at the host of a house."""
    client = Client(HTTP_HOST=house.host, **options)
    if role == "superuser":
        client.force_login(User.objects.create_superuser("root@tremplin.example", "secret"))
    elif role == "nobody":
        client.force_login(make_user())
    elif role != "anonymous":
        client.force_login(make_user(Cooperative.objects.get(slug="meule"), Role(role)))
    return client


def body_of(response: Any) -> str:
    return response.getvalue().decode(errors="replace")


def world() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of our own apps, and every page and log entry of Wagtail's."""
    with across_cooperatives():
        models = [
            model
            for label in ("home", "campaigns", "pledges", "updates", "wagtailcore")
            for model in apps.get_app_config(label).get_models()
            if model._meta.label not in {"home.User", "wagtailcore.ReferenceIndex", "wagtailcore.PageSubscription"}
        ]
        return {model._meta.label: list(model._default_manager.order_by("pk").values_list()) for model in models}


def files_taken(before: dict[str, list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """What a look may write: that someone took a list of their own away."""
    known = [row[0] for row in before["home.AuditEntry"]]
    with across_cooperatives():
        taken = AuditEntry.objects.filter(act="exported").exclude(pk__in=known).order_by("pk")
        return list(taken.values_list())


def looks(house: House) -> dict[str, str]:
    """Every address of ours in the admin that is looked at, about a house."""
    page, parts = house.page.pk, ("html", "text")
    return {
        "mailings": reverse("updates_mailings"),
        "mailing": reverse("updates_mailing", args=[house.mailing.pk]),
        "briefing": reverse("updates_briefing", args=[page]),
        "briefing of a draft": reverse("updates_briefing", args=[house.draft.pk]),
        **{f"preview, {part}": reverse("updates_preview", args=[page, "delay", "fr", part]) for part in parts},
        "fulfilment": reverse("pledges_fulfilment"),
        "fulfilment, sought": reverse("pledges_fulfilment") + f"?q={house.word[:4]}&campaign={house.campaign.pk}",
        "fulfilment of a tier": reverse("pledges_fulfilment") + f"?reward={house.reward.pk}",
        "marking": reverse("pledges_fulfilment_mark") + f"?to=sent&item={house.item.pk}",
        "marking all": reverse("pledges_fulfilment_mark") + f"?to=sent&all=1&campaign={house.campaign.pk}",
        "contributions": reverse("pledges_contributions"),
        "contributions, sought": reverse("pledges_contributions") + f"?q={house.word[:4]}&campaign={house.campaign.pk}",
        "contribution": reverse("pledges_contribution", args=[house.pledge.pk]),
        "addresses to correct": reverse("pledges_unreachable"),
        "sharing": reverse("campaign_sharing", args=[house.campaign_page.pk]),
        "money": reverse("pledges_money"),
        "settlement": reverse("pledges_settlement", args=[house.campaign.pk]),
        "campaigns": reverse("campaigns_index"),
        "dossier": reverse("campaigns_dossier", args=[campaign_page_id(house)]),
        "draft": reverse("campaigns_preview", args=[campaign_page_id(house), "fr"]),
        "extension": reverse("campaign_extend", args=[house.campaign_page.pk]),
        **money_looks(house),
    }


def money_looks(house: House) -> dict[str, str]:
    """Lists, contributions by other means, refunds, transfers, debits and books."""
    money, campaign = house.money, house.campaign.pk
    narrowed = f"?campaign={campaign}"
    of_campaign = {"rehearsal": "rehearsal", "report": "report", "matching": "matching", "entry": "offline_enter"}
    files = {"backers": "list_backers", "labels": "list_labels", "pick-up": "list_pick_up"}
    pages = (
        "offline",
        "lists",
        "refunds",
        "refund_requests",
        "payouts",
        "books",
        "tax_report",
        "owed",
        "journal",
        "accounts",
        "taxes",
    )
    return {
        **{name: reverse(f"pledges_{name}") for name in pages},
        **{name: reverse(f"pledges_{view}", args=[campaign]) for name, view in of_campaign.items()},
        **{f"file of {name}": reverse(f"pledges_{view}") for name, view in files.items()},
        **{f"file of {name}, narrowed": reverse(f"pledges_{view}") + narrowed for name, view in files.items()},
        **{f"{name} as a file": reverse(f"pledges_{name}") + "?as=csv" for name in ("tax_report", "owed", "journal")},
        "lists, narrowed": reverse("pledges_lists") + narrowed + f"&reward={house.reward.pk}",
        "file of a reward": reverse("pledges_list_backers") + f"?reward={house.reward.pk}",
        "pick-up page": reverse("pledges_list_pick_up_page") + narrowed,
        "journal of a campaign": reverse("pledges_journal") + f"{narrowed}&first=2020-01-01&last=2099-01-01&as=csv",
        "received": reverse("pledges_offline_received", args=[money.awaited.pk]),
        "bounced": reverse("pledges_offline_bounced", args=[money.received.pk]),
        "end": reverse("pledges_offline_end", args=[money.awaited.pk]),
        "given back": reverse("pledges_offline_given_back", args=[money.by_hand.pk]),
        "refund asked": reverse("pledges_refund_ask", args=[money.payment.pk]),
        "refund": reverse("pledges_refund", args=[money.to_approve.pk]),
        "refund requested": reverse("pledges_refund_request", args=[money.requested.pk]),
        "payout": reverse("pledges_payout", args=[money.payout.pk]),
        "tax": reverse("pledges_tax", args=[money.registration.pk]),
    }


def campaign_page_id(house: House) -> int:
    with within(house.cooperative):
        return campaign_page(house.campaign).pk


def acts(house: House) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every address of ours in the admin that acts, with what its form posts."""
    page = house.page.pk
    campaign = house.campaign_page.pk
    return {
        "preview link": (reverse("campaign_sharing_preview", args=[campaign]), {"act": "make"}),
        "ambassador": (reverse("campaign_sharing_add", args=[campaign]), {"name": house.word}),
        "send": (reverse("updates_send", args=[page]), {"people": "1", "missing_language": "send_other"}),
        "announce": (reverse("updates_announce", args=[page]), {"people": "2", "missing_language": "send_other"}),
        "test": (reverse("updates_test", args=[page, "delay", "fr"]), {}),
        "mark": (reverse("pledges_fulfilment_mark") + f"?to=sent&item={house.item.pk}", {"expected": "1"}),
        "mark all": (
            reverse("pledges_fulfilment_mark") + f"?to=sent&all=1&reward={house.reward.pk}",
            {"expected": "1"},
        ),
    }


Act = tuple[str, dict[str, Any]]


def entry_acts(house: House) -> dict[str, Act]:
    """What editors, treasurers and owners do, with what its form posts. In an order in which each is possible."""
    money, today = house.money, today_in(house.cooperative).isoformat()
    paid = {"received_on": today, "method": "cheque", "reference": "1"}
    entered = {"name": house.word, "language": "fr", "extra": "20", "method": "cash", "attempt": str(uuid.uuid4())}
    return {
        "received": (reverse("pledges_offline_received", args=[money.awaited.pk]), paid),
        "bounced": (reverse("pledges_offline_bounced", args=[money.received.pk]), {"tell": ""}),
        "end": (reverse("pledges_offline_end", args=[money.received.pk]), {"state": "due"}),
        "entered": (reverse("pledges_offline_enter", args=[house.campaign.pk]), entered),
    }


def treasury_acts(house: House) -> dict[str, Act]:
    """What treasurers and owners alone do."""
    money, today = house.money, today_in(house.cooperative).isoformat()
    asked = {"key": str(uuid.uuid4()), "amount": "1", "reason": "agreed", "act": "refund"}
    partner = {"partner_fr": "Caisse", "partner_en": "Caisse", "amount": "9", "received_on": today}
    tax = {"code": "gst", "number": "999999999RT0009", "starts_on": "2020-01-01"}
    return {
        "given back": (
            reverse("pledges_offline_given_back", args=[money.by_hand.pk]),
            {"given_on": today, "reference": "2"},
        ),
        "refund asked": (reverse("pledges_refund_ask", args=[money.payment.pk]), asked),
        "refund approved": (reverse("pledges_refund", args=[money.to_approve.pk]), {"act": "approve"}),
        "refund not granted": (
            reverse("pledges_refund_request", args=[money.requested.pk]),
            {"act": "decline", "decline-answer": "Non."},
        ),
        "pause": (reverse("pledges_settlement_pause", args=[house.campaign.pk]), {"act": "pause"}),
        "matching": (reverse("pledges_matching", args=[house.campaign.pk]), partner),
        "tax": (reverse("pledges_tax", args=[money.registration.pk]), tax),
    }


def own_treasury_acts() -> dict[str, Act]:
    """Those whose address names nothing: they are about the cooperative of the host."""
    codes = {f"{account}_{tax}".rstrip("_"): "77" for account, tax in known_accounts()}
    tax = {"code": "qst", "number": "1234567890TQ0009", "starts_on": "2020-01-01"}
    return {
        "another tax": (reverse("pledges_taxes"), tax),
        "account codes": (reverse("pledges_accounts"), codes),
    }


def extension(house: House) -> Act:
    """Last of all: everyone is told."""
    last_day = house.campaign.deadline.date() + timedelta(days=5)
    reasons = {"reason_fr": house.word, "reason_en": house.word}
    return reverse("campaign_extend", args=[house.campaign_page.pk]), {"last_day": last_day.isoformat(), **reasons}


@pytest.mark.parametrize("role", [*INSIDERS, "superuser"])
def test_nobody_moves_another_cooperative_s_money(ours, theirs, role, mailoutbox):
    """By its number at our host, or at its own: not found, and nothing of either house has moved."""
    theirs_are = {**entry_acts(theirs), **treasury_acts(theirs), "extension": extension(theirs)}
    here = visit(ours, role)
    elsewhere = [] if role == "superuser" else [(_same_person(theirs, here), {302})]
    for client, statuses in [(here, {302, 404}), *elsewhere]:
        before = world()
        answers = {name: client.post(url, data) for name, (url, data) in theirs_are.items()}
        assert {name for name, answer in answers.items() if answer.status_code not in statuses} == set()
        assert [name for name, answer in answers.items() if THEIR_WORD in body_of(answer)] == []
        assert world() == before
    assert mailoutbox == []


def _same_person(house: House, client: Client) -> Client:
    other = Client(HTTP_HOST=house.host)
    other.force_login(User.objects.get(pk=client.session["_auth_user_id"]))
    return other


REFUSED_ACTS = {
    "adviser": {"entry", "treasury", "own", "extension"},
    "treasurer": {"extension"},
    "editor": {"treasury", "own"},
    "nobody": {"entry", "treasury", "own", "extension"},
    "anonymous": {"entry", "treasury", "own", "extension"},
}


@pytest.mark.parametrize("role", REFUSED_ACTS)
def test_each_role_does_its_own_acts_with_money_only(ours, role, mailoutbox):
    acts_of = {
        "entry": entry_acts(ours),
        "treasury": treasury_acts(ours),
        "own": own_treasury_acts(),
        "extension": {"extension": extension(ours)},
    }
    client, unmoved = visit(ours, role), {group: set() for group in acts_of}
    for group, some in acts_of.items():
        for name, (url, data) in some.items():
            before = world()
            assert client.post(url, data).status_code == 302, name
            unmoved[group] |= {name} if world() == before else set()
    idle = {"pause"}  # no charge is running: a page of a campaign being charged has a test of its own
    expected = {
        group: set(some) if group in REFUSED_ACTS[role] else set(some) & idle for group, some in acts_of.items()
    }
    assert unmoved == expected
    assert mailoutbox == []


@pytest.mark.parametrize("role", ["owner", "nobody", "superuser"])  # tests/canary asks as everyone else
def test_nobody_reads_or_moves_another_cooperative_s_rows_here(ours, theirs, role, mailoutbox):
    client = visit(ours, role)
    before = world()
    found = {name: body_of(client.get(url, follow=True)) for name, url in looks(theirs).items()}
    assert [name for name, body in found.items() if THEIR_WORD in body] == []
    before["home.AuditEntry"] += files_taken(before)
    for url, data in acts(theirs).values():
        assert client.post(url, data).status_code in {302, 404}
    assert world() == before
    assert mailoutbox == []


def test_what_is_ours_is_found_and_moves(ours, theirs):
    """The table above asks for what there is: the same addresses of our own house open, and their acts act."""
    client = visit(ours, "owner")
    silent = {name for name, url in looks(ours).items() if OUR_WORD not in body_of(client.get(url))}
    amounts = {"marking", "marking all", "books", "accounts", "taxes", "tax", "tax_report", "payouts"}
    unasked = {"tax_report as a file"}  # no reward of ours is taxed
    unasked |= {"file of labels", "file of labels, narrowed"}  # nobody gave an address
    unasked |= {"file of pick-up", "file of pick-up, narrowed"}  # nothing is picked up
    assert silent == amounts | unasked
    assert client.get(looks(ours)["marking all"]).context_data["weighing"].movable == 1
    before = world()
    for url, data in acts(ours).values():
        assert client.post(url, data).status_code == 302
    after = world()
    changed = {label for label in after if after[label] != before[label]}
    assert {
        "campaigns.Dossier",
        "campaigns.Ambassador",
        "home.OutgoingMail",
        "pledges.PledgeItem",
        "pledges.DatePromise",
        "updates.DelayNotice",
    } <= changed


@pytest.mark.parametrize("role", ["adviser", "treasurer", *STRANGERS])
def test_who_may_not_act_moves_nothing_of_their_own_cooperative(ours, role, mailoutbox):
    client = visit(ours, role)
    before = world()
    for url, data in acts(ours).values():
        assert client.post(url, data).status_code == 302
    assert world() == before
    assert mailoutbox == []


#: What treasurers and owners alone open.
ACCOUNTS = {
    *("money", "settlement", "rehearsal", "report", "matching", "payouts", "payout", "refunds", "refund"),
    *(
        "refund asked",
        "refund requested",
        "refund_requests",
        "given back",
        "books",
        "tax_report",
        "owed",
        "journal",
        "accounts",
        "taxes",
        "tax",
    ),
    *("tax_report as a file", "owed as a file", "journal as a file", "journal of a campaign"),
}
#: What editors open too.
CONTRIBUTIONS = {
    *("contributions", "contributions, sought", "contribution", "offline", "entry", "received", "bounced", "end"),
    *("lists", "lists, narrowed", "file of backers", "file of backers, narrowed", "file of a reward"),
}
OPENS = {
    "adviser": {"campaigns", "dossier", "draft"},
    "treasurer": ACCOUNTS | CONTRIBUTIONS,
    "nobody": set(),
    "anonymous": set(),
}


@pytest.mark.parametrize("role", ["adviser", "treasurer", *STRANGERS])
def test_each_role_opens_its_pages_only(ours, role):
    client = visit(ours, role)
    assert {name for name, url in looks(ours).items() if client.get(url).status_code == 200} == OPENS[role]


def test_an_editor_sees_contributions_but_no_accounts(ours):
    client = visit(ours, "editor")
    refused = {name for name, url in looks(ours).items() if client.get(url).status_code != 200}
    assert refused == ACCOUNTS


@pytest.mark.parametrize("role", ["adviser", "treasurer"])
def test_who_edits_no_page_neither_opens_nor_changes_one(ours, role):
    client = visit(ours, role)
    before = world()
    for name in ("edit", "delete", "unpublish", "copy", "move", "view_draft", "history"):
        url = reverse(f"wagtailadmin_pages:{name}", args=[ours.draft.pk])
        assert client.get(url).status_code == client.post(url, {"title": "x"}).status_code == 302, name
    parent = campaign_page(ours.campaign).pk
    assert client.get(reverse("wagtailadmin_pages:add", args=["updates", "updatepage", parent])).status_code == 302
    assert world() == before


# Wagtail's own pages


def wagtail_addresses(house: House) -> dict[str, str]:
    page, home = house.draft.pk, house.cooperative.site.root_page_id
    below_page = ("edit", "view_draft", "delete", "unpublish", "copy", "move", "history", "usage", "convert_alias")
    below_page += ("workflow_history", "set_privacy", "revisions_index")
    return {
        **{name: reverse(f"wagtailadmin_pages:{name}", args=[page]) for name in below_page},
        "move, confirmed": reverse("wagtailadmin_pages:move_confirm", args=[page, home]),
        "below": reverse("wagtailadmin_pages:add_subpage", args=[home]),
        "moderation": reverse("wagtailadmin_pages:workflow_action", args=[page, "approve", 1]),
        "moderation, preview": reverse("wagtailadmin_pages:workflow_preview", args=[page, 1]),
        "explorer": reverse("wagtailadmin_explore_root"),
        "explorer of a page": reverse("wagtailadmin_explore", args=[page]),
        "campaigns": reverse("wagtailadmin_pages:type_use", args=["campaigns", "campaignpage"]),
        "updates": reverse("wagtailadmin_pages:type_use", args=["updates", "updatepage"]),
        "history of the site": reverse("wagtailadmin_reports:site_history"),
        "locked": reverse("wagtailadmin_reports:locked_pages"),
        "reviews": reverse("wagtailadmin_reports:workflow"),
        "reviews, by task": reverse("wagtailadmin_reports:workflow_tasks"),
        "images": reverse("wagtailimages:index"),
        "image chooser": reverse("wagtailimages_chooser:choose"),
        "documents": reverse("wagtaildocs:index"),
        "videos": reverse("wagtailmedia:index"),
        "videos, sought": reverse("wagtailmedia:index") + "?q=Film",
        "videos of a collection": reverse("wagtailmedia:index") + f"?collection_id={house.video.collection_id}",
        "video": reverse("wagtailmedia:edit", args=[house.video.pk]),
        "video to be deleted": reverse("wagtailmedia:delete", args=[house.video.pk]),
        "video to be added": reverse("wagtailmedia:add", args=["video"]),
        "use of a video": reverse("wagtailmedia:media_usage", args=[house.video.pk]),
        "video chooser": reverse("wagtailmedia:chooser_typed", args=["video"]),
        "video chooser, sought": reverse("wagtailmedia:chooser_typed", args=["video"]) + "?q=Film",
        "video uploaded in the chooser": reverse("wagtailmedia:chooser_upload", args=["video"]),
        "media chooser": reverse("wagtailmedia:chooser"),
        "video chosen": reverse("wagtailmedia:media_chosen", args=[house.video.pk]),
        "tags": reverse("wagtailadmin_tag_autocomplete") + "?term=étiquette",
        "tags of a model": reverse("wagtailadmin_tag_model_autocomplete", args=["taggit", "tag"]) + "?term=étiquette",
        "to be moved": reverse("wagtail_bulk_action", args=["wagtailcore", "page", "move"]) + f"?id={page}",
        "to be deleted": reverse("wagtail_bulk_action", args=["wagtailcore", "page", "delete"]) + f"?id={page}",
        "all below to be deleted": reverse("wagtail_bulk_action", args=["wagtailcore", "page", "delete"])
        + f"?id=all&childOf={home}",
        "all to be deleted": reverse("wagtail_bulk_action", args=["wagtailcore", "page", "delete"]) + "?id=all",
        "image to be deleted": reverse("wagtail_bulk_action", args=["wagtailimages", "image", "delete"])
        + f"?id={house.image.pk}",
        "images to be deleted": reverse("wagtail_bulk_action", args=["wagtailimages", "image", "delete"]) + "?id=all",
        "document to be deleted": reverse("wagtail_bulk_action", args=["wagtaildocs", "document", "delete"])
        + f"?id={house.document.pk}",
        "people": reverse("wagtail_bulk_action", args=["home", "user", "delete"]) + f"?id={house.owner.pk}&id=all",
        "image chosen": reverse("wagtailimages_chooser:chosen", args=[house.image.pk]),
        "images chosen": reverse("wagtailimages_chooser:chosen_multiple") + f"?id={house.image.pk}",
        "document chosen": reverse("wagtaildocs_chooser:chosen", args=[house.document.pk]),
        "documents chosen": reverse("wagtaildocs_chooser:chosen_multiple") + f"?id={house.document.pk}",
        "image": reverse("wagtailimages:edit", args=[house.image.pk]),
        "chosen": reverse("wagtailadmin_choose_page_chosen_multiple") + f"?id={page}",
        "first page": reverse("wagtailadmin_home"),
    }


OWN_VIDEOS = ("videos", "videos, sought", "video", "use of a video", "video chooser", "video chosen")


def test_wagtail_s_pages_still_show_what_is_ours(ours, theirs):
    client = visit(ours, "owner")
    for name in ("edit", "move", "history", "explorer", "campaigns", "images", "documents", "tags", *OWN_VIDEOS):
        assert OUR_WORD in body_of(client.get(wagtail_addresses(ours)[name])).replace("\\u00e9", "é"), name


def test_a_video_is_not_put_in_another_cooperative_s_collection(ours, theirs):
    client, before = visit(ours, "editor"), Media.objects.count()
    for name, prefix in (("add", ""), ("chooser_upload", "media-chooser-upload-")):
        film = SimpleUploadedFile("film.mp4", mp4(), "video/mp4")
        data = {f"{prefix}title": "Film", f"{prefix}file": film, f"{prefix}collection": theirs.video.collection_id}
        client.post(reverse(f"wagtailmedia:{name}", args=["video"]), data)
    assert set(Media.objects.values_list("title", "collection")) == {
        (f"Film {OUR_WORD}", ours.video.collection_id),
        (f"Film {THEIR_WORD}", theirs.video.collection_id),
        ("Film", ours.video.collection_id),
    }
    assert Media.objects.count() == before + 2


@pytest.mark.parametrize("role", ["adviser", "treasurer"])
def test_who_edits_no_page_sees_no_video(ours, role):
    client = visit(ours, role)
    found = {name: body_of(client.get(wagtail_addresses(ours)[name], follow=True)) for name in OWN_VIDEOS}
    assert [name for name, body in found.items() if ours.video.title in body] == []


def test_audio_has_no_place_here(ours):
    client, before = visit(ours, "owner"), Media.objects.count()
    for url in (
        reverse("wagtailmedia:add", args=["audio"]),
        reverse("wagtailmedia:add", args=["media"]),
        reverse("wagtailmedia:chooser_upload", args=["audio"]),
    ):
        data = {"title": "Son", "file": SimpleUploadedFile("son.mp3", b"x"), "media-chooser-upload-title": "Son"}
        assert client.post(url, data).status_code in {302, 404}
    assert Media.objects.count() == before


def test_someone_of_both_works_at_both_and_sees_one_at_a_time(ours, theirs):
    user = make_user(ours.cooperative, Role.OWNER)
    welcome(user, theirs.cooperative, Role.OWNER)
    for here, there in ((ours, theirs), (theirs, ours)):
        client = Client(HTTP_HOST=here.host)
        client.force_login(user)
        for name in ("contributions", "fulfilment", "mailings", "money"):
            body = body_of(client.get(looks(here)[name]))
            assert (here.word in body, there.word in body) == (True, False), name
        assert client.get(looks(there)["contribution"], follow=True).status_code == 404
        assert client.get(looks(there)["briefing"], follow=True).status_code == 404


# The public side


def public(name: str, *args: Any) -> str:
    with translation.override("fr"):
        return reverse(name, args=args)


def test_a_backer_s_addresses_open_nothing_at_another_host(ours, theirs):
    with within(theirs.cooperative):
        token, mending = contribution_token(theirs.pledge), contribution_token(theirs.mending)
        topic = f"{theirs.pledge.backer_id}:{theirs.campaign.translation_key}"
        ending = links.sign(unsubscribing.PURPOSE, topic, lasts=unsubscribing.LASTS)
    client, before = visit(ours), world()
    expected = {
        public("contribute", theirs.campaign.pk): 404,
        public("contribute_review", theirs.campaign.pk): 404,
        public("checkout_return", theirs.checkout.key): 404,
        public("checkout_cancelled", theirs.checkout.key): 404,
        public("contribution", token): 410,
        public("contribution_cancel", token): 410,
        public("contribution_mend", mending): 410,
        public("contribution_mend_return", mending): 410,
        public("unsubscribe", ending): 410,
        campaign_page(theirs.campaign).url_path.replace("/large/", "/fr/"): 404,
    }
    for url, status in expected.items():
        answers = [client.post(url, {"news": "no", "confirm": "1"})] if "contribut" in url or "desab" in url else []
        if "review" not in url and not url.endswith("verifier/"):
            answers.append(client.get(url))
        for answer in answers:
            assert answer.status_code in {status, 405}, (url, answer.status_code)
            assert THEIR_WORD not in body_of(answer)
    assert world() == before


OWN = ("", "_cancel", "_change", "_card", "_address", "_email", "_settings", "_data", "_erase", "_mend", "_mend_return")


def own_addresses(token: str, payment: Payment) -> dict[str, str]:
    """Every page of a contribution, by its link."""
    receipts = ("contribution_receipt", "contribution_receipt_pdf")
    return {
        **{f"contribution{name}": public(f"contribution{name}", token) for name in OWN},
        **{name: public(name, token, payment.pk) for name in receipts},
    }


def token_of(pledge: Pledge) -> str:
    with within(pledge.cooperative):
        return contribution_token(Pledge.objects.get(pk=pledge.pk))


#: What the forms of one's own pages post, all at once.
POSTED = {
    **{"news": "no", "confirm": "1", "consent": "1", "amount": "1", "extra": "99", "language": "en", "wall": "name"},
    **{"wall_name": "X", "recipient": "X", "line1": "1, rue X", "city": "X", "region": "QC", "postal_code": "G0L 0X0"},
    **{"country": "CA", "way": "card", "email": "x@x.example"},
}


@pytest.mark.parametrize("opened", ["foreign", "replaced", "another purpose", "spoilt"])
def test_a_link_that_is_not_this_one_opens_no_own_page_and_does_nothing(ours, theirs, opened):
    pledge = theirs.pledge if opened == "foreign" else ours.pledge
    token = token_of(pledge)
    if opened == "replaced":
        with within(ours.cooperative):
            Pledge.objects.filter(pk=pledge.pk).update(link_generation=pledge.link_generation + 1)
    if opened == "another purpose":
        token = links.sign("unsubscribe", str(pledge.pk), lasts=timedelta(days=1))
    if opened == "spoilt":
        token = token[:-1] + ("A" if token[-1] != "A" else "B")
    client, before = visit(ours), world()
    for name, url in own_addresses(token, payment_of(pledge)).items():
        for answer in (client.get(url), client.post(url, POSTED)):
            assert answer.status_code in {410, 405}, (name, answer.status_code)
            assert "Contributrice" not in body_of(answer)
            assert THEIR_WORD not in body_of(answer)
    assert world() == before


def test_a_receipt_of_another_contribution_is_not_shown_by_one_s_own_link(ours, theirs):
    client, own_token = visit(ours), token_of(ours.mending)
    for payment in (payment_of(ours.pledge), payment_of(theirs.pledge), payment_of(ours.mending)):
        for name in ("contribution_receipt", "contribution_receipt_pdf"):
            assert client.get(public(name, own_token, payment.pk)).status_code == 404
    assert (
        client.get(public("contribution_receipt", token_of(ours.pledge), payment_of(ours.pledge).pk)).status_code == 200
    )


def test_someone_s_data_are_not_downloaded_at_another_host(ours, theirs):
    client, before = visit(ours), world()
    url = public("data_download", data_links.token_of(theirs.money.data, data_links.Act.EXPORT))
    for answer in (client.get(url), client.post(url)):
        assert answer.status_code == 410
        assert THEIR_WORD not in body_of(answer)
    assert world() == before
    assert visit(theirs).post(url)["Content-Type"] == "application/zip"


def test_one_s_own_pages_are_kept_nowhere_and_found_by_nobody(ours):
    addresses = own_addresses(token_of(ours.pledge), payment_of(ours.pledge))
    addresses |= {
        "old": public("contribution", "x"),
        "data": public("data_download", data_links.token_of(ours.money.data, data_links.Act.EXPORT)),
    }
    for name, url in addresses.items():
        answer = visit(ours).get(url)
        kept = (answer["X-Robots-Tag"], answer["Cache-Control"], answer["Referrer-Policy"])
        assert kept == ("noindex, nofollow", "no-store, private", "strict-origin"), name


@pytest.mark.parametrize("purpose", ["unsubscribe", "contribution"])
def test_a_link_opens_what_it_was_signed_for_only(ours, purpose):
    other = {"unsubscribe": "contribution", "contribution": "unsubscribe"}[purpose]
    token = links.sign(other, str(ours.pledge.pk), lasts=timedelta(days=1))
    answer = visit(ours).get(public(purpose, token))
    assert answer.status_code in {404, 410}
    said = body_of(answer)
    for public_word in (ours.cooperative.name, ours.cooperative.legal_name, ours.campaign_page.title):
        said = said.replace(public_word, "")
    assert OUR_WORD not in said


def test_an_event_that_is_not_signed_is_refused(db):
    client = Client()
    for signature in ("", "t=1,v1=00", "t=x", "nonsense", "t=1,v1=é", "\0"):
        answer = client.post(
            reverse("stripe_webhook"), b"{}", content_type="application/json", headers={"Stripe-Signature": signature}
        )
        assert answer.status_code == 400, signature
    assert StripeEvent.objects.count() == 0


@pytest.mark.parametrize("host", ["nulle.part.example", "localhost", "127.0.0.1", "large.localhost.evil.example"])
def test_a_host_that_is_nobody_s_shows_nothing(ours, theirs, host):
    client = Client(HTTP_HOST=host)
    for path in ("/fr/", "/admin/login/", public("contribute", theirs.campaign.pk), public("contribution_link")):
        answer = client.get(path, follow=True)
        assert answer.status_code == 404
        assert [word for word in (OUR_WORD, THEIR_WORD) if word in body_of(answer)] == []


def test_a_forwarded_host_is_not_believed(ours, theirs):
    answer = visit(ours).get("/fr/", headers={"X-Forwarded-Host": theirs.host})
    assert (OUR_WORD in body_of(answer), THEIR_WORD in body_of(answer)) == (True, False)


# Looking changes nothing, and acting asks for the form's token


def test_looking_changes_nothing(ours):
    with within(ours.cooperative):
        tokens = contribution_token(ours.pledge), contribution_token(ours.mending)
    owner, visitor = visit(ours, "owner"), visit(ours)
    before = world()
    for url in looks(ours).values():
        assert owner.get(url).status_code == 200
    before["home.AuditEntry"] += files_taken(before)
    for url in (url for url, _data in acts(ours).values()):
        assert owner.get(url).status_code in {200, 405}
    for name in ("contribute", "contribute_review"):
        visitor.get(public(name, ours.campaign.pk))
    for token in tokens:
        for name, url in own_addresses(token, payment_of(ours.pledge)).items():
            if name != "contribution_mend_return":  # reads the payment back from the provider
                visitor.get(url)
    for act in ({**entry_acts(ours), **treasury_acts(ours), **own_treasury_acts(), "": extension(ours)}).values():
        assert owner.get(act[0], act[1]).status_code in {200, 302, 405}, act[0]
    assert owner.get(reverse("pledges_account")).status_code == 200
    for url in (
        public("data_download", data_links.token_of(ours.money.data, data_links.Act.EXPORT)),
        public("wall", ours.campaign.pk),
        public("checkout_cancelled", ours.checkout.key),
        public("contribution_link"),
        public("unsubscribe", "x"),
        public("brand_stylesheet", 1),
        "/fr/",
        "/en/",
        campaign_page(ours.campaign).url,
        ours.page.url,
    ):
        visitor.get(url)
    assert world() == before


def test_every_form_of_ours_asks_for_its_token(ours):
    with within(ours.cooperative):
        token = contribution_token(ours.mending)
    owner = visit(ours, "owner", enforce_csrf_checks=True)
    visitor = visit(ours, enforce_csrf_checks=True)
    before = world()
    money = {**entry_acts(ours), **treasury_acts(ours), **own_treasury_acts(), "extension": extension(ours)}
    for url, data in [*acts(ours).values(), *money.values(), (reverse("pledges_account"), {"again": "1"})]:
        assert owner.post(url, data).status_code == 403, url
    readable = {"contribution_mend_return", "contribution_receipt", "contribution_receipt_pdf"}
    addresses = own_addresses(token, payment_of(ours.mending))
    posted = [url for name, url in addresses.items() if name not in readable]
    posted.append(public("data_download", data_links.token_of(ours.money.data, data_links.Act.EXPORT)))
    for url in (public("contribute_review", ours.campaign.pk), public("contribution_link"), *posted):
        assert visitor.post(url, {"email": "a@b.example", "confirm": "1"}).status_code == 403, url
    assert world() == before
