"""The team enters what came by other means, marks it received, undoes it and gives it back; each role, in its house."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import translation

from campaigns.enums import FundingModel
from campaigns.models import Reward, RewardVariant
from home import clock
from home.models import OutgoingMail, Role, User
from home.tenancy import within
from pledges import offline, pledging
from pledges.enums import PledgeState, RefundState
from pledges.links import contribution_token
from pledges.models import Payment, Pledge, Refund
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.offline import make_offline
from tests.factories.pledges import make_pledge, payment_of
from tests.pledges.test_admin import english, said, text_of

EVERYONE = ["editor", "adviser", "treasurer", "owner", "outsider", "superuser"]
TEAM = {"editor", "treasurer", "owner", "superuser"}


@pytest.fixture
def flexible(cooperative):
    return make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE)


@pytest.fixture
def login(client, cooperative, outsider):
    def as_role(role):
        client.defaults["HTTP_HOST"] = cooperative.site.hostname
        user = {
            "superuser": lambda: User.objects.create_superuser("root@tremplin.example", "secret"),
            "outsider": lambda: make_user(outsider, Role.OWNER),
        }.get(role, lambda: make_user(cooperative, Role(role)))()
        client.force_login(user)
        return english(client)

    return as_role


def today():
    """Where the cooperative is."""
    return clock.now().astimezone(ZoneInfo("America/Toronto")).date().isoformat()


def received(pledge):
    with within(pledge.cooperative):
        offline.receive(
            payment_of(pledge), on=date.fromisoformat(today()), method="cheque", reference="", by=None, tell=False
        )
    return pledge


def owed(campaign):
    """A refund to make by hand."""
    pledge = received(make_offline(campaign))
    with within(campaign.cooperative):
        pledging.cancel(Pledge.objects.select_related("campaign", "backer", "cooperative__site").get(pk=pledge.pk))
        return Refund.objects.get(payment__pledge=pledge)


def pages_of(campaign):
    awaited, paid, refund = make_offline(campaign), received(make_offline(campaign)), owed(campaign)
    return {
        "index": reverse("pledges_offline"),
        "enter": reverse("pledges_offline_enter", args=[campaign.pk]),
        "received": reverse("pledges_offline_received", args=[awaited.pk]),
        "bounced": reverse("pledges_offline_bounced", args=[paid.pk]),
        "end": reverse("pledges_offline_end", args=[awaited.pk]),
        "given back": reverse("pledges_offline_given_back", args=[refund.pk]),
    }


def rows_in(cooperative):
    with within(cooperative):
        return [sorted(model.objects.values_list("pk", "state")) for model in (Pledge, Payment, Refund)]


@pytest.mark.parametrize("role", EVERYONE)
def test_each_page_opens_for_its_roles_only(login, role, flexible):
    client, pages = login(role), pages_of(flexible)
    before = rows_in(flexible.cooperative)
    opened = {name for name, url in pages.items() if client.get(url).status_code == 200}
    allowed = set(pages) if role in TEAM else set()
    assert opened == allowed - ({"given back"} if role == "editor" else set())
    assert rows_in(flexible.cooperative) == before, "a GET changes nothing"
    if role in ("adviser", "outsider"):
        for url in pages.values():
            client.post(url, {"name": "X", "extra": "5", "received_on": "2026-01-01", "state": "due"})
        assert rows_in(flexible.cooperative) == before


def test_nothing_of_another_cooperative_is_shown_or_moved(login, flexible, outsider):
    theirs = make_campaign(outsider, title="Phare secret", funding_model=FundingModel.FLEXIBLE)
    make_offline(theirs, name="Secrète Voisine")
    pages, before = pages_of(theirs), rows_in(outsider)
    client = login("owner")
    assert "Secr" not in text_of(client.get(pages.pop("index")))
    form = {"received_on": today(), "given_on": today()}
    form |= {"method": "cash", "state": "due", "name": "X", "extra": "5", "language": "fr"}
    for url in pages.values():
        assert client.get(url, follow=True).status_code == 404
        client.post(url, form)
    assert rows_in(outsider) == before


def test_a_card_has_none_of_these_pages(login, campaign):
    client, pledge = login("owner"), make_pledge(campaign)
    for name in ("received", "bounced", "end"):
        assert client.get(reverse(f"pledges_offline_{name}", args=[pledge.pk]), follow=True).status_code == 404
    assert "Mark as received" not in text_of(client.get(reverse("pledges_contribution", args=[pledge.pk])))


def form_of(campaign, **fields):
    with within(campaign.cooperative):
        box = Reward.objects.get(campaign=campaign, limit=10)
    defaults = {
        "attempt": "5c8a4a4e-2f9c-4a0e-8f57-5f6a0c4b1d11",
        "name": "  Aimé\tPelletier ",
        "email": "aime@courriel.example",
        "language": "fr",
        f"quantity_{box.pk}": "2",
        "extra": "12,50",
        "zone": "quebec",
        "line1": "4, rang 2",
        "city": "Saint-Aurèle",
        "postal_code": "G0L 0X0",
        "country": "CA",
        "company_name": "Ferme du Rang",
        "message": "Sans noix.",
        "method": "cheque",
        "reference": "118",
        "tell": "on",
    }
    return {name: value for name, value in (defaults | fields).items() if value is not None}


def test_an_editor_enters_one_and_marks_it_received(login, campaign):
    client, url = login("editor"), reverse("pledges_offline_enter", args=[campaign.pk])
    for _click in range(2):
        response = client.post(url, form_of(campaign))
        assert response.status_code == 302
    with within(campaign.cooperative):
        pledge = Pledge.objects.select_related("backer").get()
        assert (pledge.amount, pledge.backer.name, pledge.address.recipient) == (
            14_250,
            "Aimé Pelletier",
            "Aimé Pelletier",
        )
        assert (pledge.company_name, pledge.message, pledge.zone) == ("Ferme du Rang", "Sans noix.", "quebec")
        assert list(OutgoingMail.objects.values_list("kind", flat=True)) == ["offline_recorded"]
    page = text_of(client.get(response["Location"]))
    assert "By other means, entered by the team · Editor" in page
    assert "Mark as received No longer expected" in page
    act = reverse("pledges_offline_received", args=[pledge.pk])
    day = today()
    for expected in ("The payment is received: the contribution counts.", "Someone has been faster"):
        answer = client.post(act, {"received_on": day, "method": "cheque", "reference": "118", "tell": "on"})
        assert said(answer)[-1].startswith(expected)
    page = text_of(client.get(response["Location"]))
    assert "Cheque · 118" in page
    assert "Payment not honoured Cancel" in page
    client.post(reverse("pledges_offline_bounced", args=[pledge.pk]), {})
    page = text_of(client.get(response["Location"]))
    assert "was not honoured" in page
    assert "Mark as received No longer expected" in page


BAD = {
    "name": ("", "This field is required."),
    "email": ("aime@", "Enter a valid email address."),
    "extra": ("douze", "Enter an amount in figures, for example 45 or 45.50."),
    "method": ("card", "Select a valid choice. card is not one of the available choices."),
    "received_on": ("2099-01-01", "This day has not come yet."),
    "country": ("QQ", "Select a valid choice. QQ is not one of the available choices."),
    "city": ("", "An address needs this too."),
}


@pytest.mark.parametrize("field", BAD)
def test_bad_input_is_said_at_its_field_and_what_was_typed_is_kept(login, campaign, field):
    typed, words = BAD[field]
    url = reverse("pledges_offline_enter", args=[campaign.pk])
    response = login("editor").post(url, form_of(campaign, **{field: typed, "received": "on"}))
    assert response.status_code == 200
    form = response.context["form"]
    expected = {field} | ({"received_on"} if field != "received_on" else set())
    assert set(form.errors) <= expected
    assert form.errors[field] == [words]
    assert form["message"].value() == "Sans noix."
    assert rows_in(campaign.cooperative) == [[], [], []]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"email": ""}, "email", "Enter an address to write to, or do not write to this person."),
        ({"received": "on"}, "received_on", "Enter the day the payment was received."),
        ({"received_on": "0206-01-01"}, "received_on", "This day is more than a year ago: check the year."),
    ],
)
def test_what_does_not_go_together_is_said(login, campaign, fields, field, words):
    response = login("editor").post(reverse("pledges_offline_enter", args=[campaign.pk]), form_of(campaign, **fields))
    assert response.context["form"].errors == {field: [words]}
    assert rows_in(campaign.cooperative) == [[], [], []]


def test_nothing_chosen_and_too_many_are_said_at_the_field(login, campaign):
    client, url = login("editor"), reverse("pledges_offline_enter", args=[campaign.pk])
    with within(campaign.cooperative):
        box = Reward.objects.get(campaign=campaign, limit=10)
    nothing = client.post(url, form_of(campaign, extra="", **{f"quantity_{box.pk}": "0"}))
    assert nothing.context["form"].errors == {"extra": ["Choose a reward or enter an amount."]}
    many = client.post(url, form_of(campaign, **{f"quantity_{box.pk}": "11"}))
    assert many.context["form"].errors == {f"quantity_{box.pk}": ["“The miller's box”: not so many are left."]}
    assert rows_in(campaign.cooperative) == [[], [], []]


def test_each_form_of_a_tier_has_its_quantity(login, campaign):
    with within(campaign.cooperative):
        box = Reward.objects.get(campaign=campaign, limit=10)
        small, large, _gone = (
            RewardVariant.objects.create(
                reward=box,
                block_id=f"7d4a2a8c-3f7e-4a55-9a44-2a6d7b8f6b1{n}",
                position=n,
                label_fr=label,
                label_en=label,
                retired_at=clock.now() if label == "XL" else None,
            )
            for n, label in enumerate(["S", "L", "XL"])
        )
    client, url = login("editor"), reverse("pledges_offline_enter", args=[campaign.pk])
    names = [field.name for field in client.get(url).context["form"].quantities()]
    assert names[1:] == [f"quantity_{box.pk}_{small.pk}", f"quantity_{box.pk}_{large.pk}"]
    chosen = {f"quantity_{box.pk}": None, names[1]: "1", names[2]: "2"}
    assert client.post(url, form_of(campaign, **chosen)).status_code == 302
    with within(campaign.cooperative):
        items = Pledge.objects.get().items.order_by("variant__position").values_list("variant", "quantity")
        assert list(items) == [(small.pk, 1), (large.pk, 2)]


def test_a_treasurer_gives_back_by_hand(login, flexible):
    client, refund = login("treasurer"), owed(flexible)
    page = text_of(client.get(reverse("pledges_offline")))
    assert "Aimé Pelletier $25.00 Cancelled by the backer" in page
    url = reverse("pledges_offline_given_back", args=[refund.pk])
    late = client.post(url, {"given_on": "2099-01-01"})
    assert "This day has not come yet." in text_of(late)
    client.post(url, {"given_on": today(), "reference": "7"})
    refund.refresh_from_db()
    assert (refund.state, refund.note, refund.settled_by.email) == (RefundState.DONE, "7", "treasurer@meule.example")
    assert "Nothing is to be given back by hand." in text_of(client.get(reverse("pledges_offline")))


def test_a_page_shown_before_the_payment_came_cancels_nothing(login, flexible):
    client, pledge = login("editor"), make_offline(flexible)
    url = reverse("pledges_offline_end", args=[pledge.pk])
    shown = client.get(url).context["state"]
    received(pledge)
    answer = client.post(url, {"state": shown})
    assert said(answer) == ["Someone has been faster: this contribution has changed in the meantime."]
    with within(flexible.cooperative):
        assert Pledge.objects.get().state == PledgeState.CONFIRMED
    client.post(url, {"state": client.get(url).context["state"]})
    with within(flexible.cooperative):
        assert (Pledge.objects.get().state, Refund.objects.get().state) == (PledgeState.CANCELLED, RefundState.DUE)


def test_a_campaign_that_is_over_takes_no_entry(login, campaign):
    with within(campaign.cooperative):
        end_now(campaign)
    client = login("editor")
    url = reverse("pledges_offline_enter", args=[campaign.pk])
    assert said(client.get(url)) == ["This campaign takes no contribution at the moment."]
    answer = client.post(url, form_of(campaign))
    assert answer.context["form"].non_field_errors() == ["This campaign takes no contribution at the moment."]
    assert "No campaign takes contributions at the moment." in text_of(client.get(reverse("pledges_offline")))


@pytest.mark.parametrize(
    ("language", "expected", "in_hand", "gone"),
    [
        (
            "fr",
            "Chèque, virement ou espèces attendus : 25 $ La contribution comptera une fois le paiement reçu.",
            "Paiement reçu le",
            "n’a pas pu être encaissé; écrivez-nous pour choisir un autre moyen.",
        ),
        (
            "en",
            "Cheque, transfer or cash expected: $25 The contribution counts once payment is received.",
            "Payment received on",
            "could not be cashed; write to us to choose another way.",
        ),
    ],
)
def test_its_own_page_says_where_it_stands(on_host, flexible, language, expected, in_hand, gone):
    client, pledge = on_host(flexible.cooperative), make_offline(flexible, language=language)

    def page():
        with translation.override(language):
            url = reverse("contribution", args=[contribution_token(pledge)])
        return text_of(client.get(url)).replace("\xa0", " ")

    assert expected in page()
    received(pledge)
    assert in_hand in page()
    with within(flexible.cooperative):
        offline.bounce(payment_of(pledge), by=None, tell=False)
    assert gone in page()


def test_a_form_gone_back_to_and_filled_in_for_somebody_else_is_another_contribution(login, campaign):
    client, url = login("editor"), reverse("pledges_offline_enter", args=[campaign.pk])
    for name, email in (
        ("Aimé", "aime@courriel.example"),
        ("Zoé", "zoe@courriel.example"),
        ("Zoé", "zoe@courriel.example"),
    ):
        assert client.post(url, form_of(campaign, name=name, email=email)).status_code == 302
    with within(campaign.cooperative):
        assert sorted(Pledge.objects.values_list("backer__name", flat=True)) == ["Aimé", "Zoé"]
