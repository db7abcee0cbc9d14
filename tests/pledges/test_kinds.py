"""Every kind of contribution, from the form to its rows: variants, zones, amounts, gifts, companies, taxes."""

import uuid
from datetime import date

import pytest
from django.utils import translation

from campaigns.enums import DeliveryZone, GoalUnit
from campaigns.models import Campaign, FundingModel, Reward, RewardPostage, RewardStock, RewardVariant
from home import clock
from home.models import Cooperative
from home.tenancy import within
from pledges import checkout, pledging
from pledges.card_expiry import expires_before_charge
from pledges.choosing import ChosenReward, PledgeRefused
from pledges.consent_texts import LONGEST, charge_day, checkout_text, consent_text
from pledges.forms import ContributionForm, quantity_name
from pledges.models import Checkout, Pledge, PledgeItem, TaxRate, TaxRegistration
from tests.campaigns.composing import wall
from tests.campaigns.test_tier_terms import add_ons, item
from tests.factories.campaigns import body_of, make_campaign, tier
from tests.factories.pledges import make_pledge
from tests.factories.requests import pledge_request
from tests.pledges.test_choosing import confirmed, form_data, url, words
from tests.pledges.test_forms import posted

HOME, AWAY = DeliveryZone.QUEBEC, DeliveryZone.CANADA


def zones(**prices):
    return [item({"zone": zone, "price": price}) for zone, price in prices.items()]


def body():
    return [
        *body_of(
            [
                tier("Le chandail", 4000, limit=5, postage=zones(quebec=800, canada=1500),
                     variants=[item("Petit"), item("Grand")]),
                tier("Le carnet", 2000, postage=zones(quebec=300)),
                tier("La journée", 6500, handover="pickup", pickup_place="Le moulin", pickup_hours="Le samedi"),
            ],
            extra=[wall()],
        ),
        add_ons(tier("Le sac de toile", 1200, postage=zones(quebec=0, canada=200))),
    ]  # fmt: skip


@pytest.fixture
def campaign(cooperative):
    return make_campaign(cooperative, bilingual=False, body=body())


@pytest.fixture
def tiers(campaign, inside):
    return list(Reward.objects.order_by("position"))


@pytest.fixture
def sizes(tiers):
    return list(RewardVariant.objects.order_by("position"))


def rows(shirt, sizes, *quantities):
    return {quantity_name(shirt, size): str(count) for size, count in zip(sizes, quantities, strict=True)}


def code_of(cooperative, request):
    with pytest.raises(PledgeRefused) as refused:
        pledging.begin(cooperative, request)
    assert not Pledge.objects.exists()
    return refused.value.code


# Variants


def test_two_of_a_tier_may_be_two_variants_and_count_as_two(shop, campaign, tiers, sizes):
    form = posted(campaign, zone=HOME, **rows(tiers[0], sizes, 1, 2))
    assert form.is_valid(), form.errors
    pledging.begin(shop, pledge_request(campaign, chosen=form.as_chosen(), zone=HOME, extra=0))
    kept = PledgeItem.objects.order_by("variant__position").values_list("variant__label_fr", "quantity")
    assert list(kept) == [("Petit", 1), ("Grand", 2)]
    assert RewardStock.objects.get(reward=tiers[0]).held == 3
    assert Pledge.objects.get().amount == 3 * (4000 + 800)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "Il n’en reste que 5. Choisissez une autre quantité."),
        ("en", "Only 5 are left. Choose another quantity."),
    ],
)
def test_the_variants_of_a_tier_share_its_stock(campaign, tiers, sizes, language, said):
    assert posted(campaign, zone=HOME, **rows(tiers[0], sizes, 2, 3)).errors == {}
    with translation.override(language):
        form = posted(campaign, zone=HOME, **rows(tiers[0], sizes, 3, 3))
        assert form.errors == {quantity_name(tiers[0], sizes[0]): [said]}
        assert [form[quantity_name(tiers[0], size)].value() for size in sizes] == ["3", "3"]


@pytest.mark.parametrize(
    ("language", "said"),
    [("fr", "Choisissez une option pour «\u00a0Le chandail\u00a0»."), ("en", "Choose an option for “Le chandail”.")],
)
def test_a_tier_with_variants_asks_which(campaign, tiers, sizes, on_host, language, said):
    """Proposed by its link, or chosen on a page of before it had variants."""
    first = quantity_name(tiers[0], sizes[0])
    page = on_host(campaign.cooperative).get(
        url("contribute", campaign.pk, language=language) + f"?reward={tiers[0].pk}"
    )
    assert f'name="wanted" value="{tiers[0].pk}"' in page.content.decode()
    with translation.override(language):
        for fields in ({"wanted": str(tiers[0].pk)}, {quantity_name(tiers[0]): "1"}):
            form = posted(campaign, **fields)
            assert form.errors == {first: [said]}
            assert [problem.anchor for problem in form.problems()] == [f"id_{first}"]
        assert posted(campaign, extra="5", wanted=str(tiers[0].pk)).errors == {}


def test_a_variant_that_is_retired_is_told_to_whom_had_chosen_it(campaign, tiers, sizes):
    RewardVariant.objects.filter(pk=sizes[1].pk).update(retired_at=clock.now())
    name = quantity_name(tiers[0], sizes[1])
    assert name not in ContributionForm(campaign).fields
    with translation.override("fr"):
        assert posted(campaign, zone=HOME, **{name: "1"}).errors == {name: ["N’est plus offerte"]}


def test_a_variant_is_one_of_its_tier_and_offered(shop, campaign, tiers, sizes, outsider):
    with within(outsider):
        elsewhere = make_campaign(outsider, bilingual=False, body=body())
        foreign = RewardVariant.objects.get(reward__campaign=elsewhere, label_fr="Petit")

    def refused(variant_id):
        one = ChosenReward(tiers[0].pk, 1, 4000, 800, variant_id)
        return code_of(shop, pledge_request(campaign, chosen=[one], zone=HOME))

    assert (refused(None), refused(foreign.pk), refused(10**9)) == ("variant", "retired", "retired")
    RewardVariant.objects.filter(pk=sizes[0].pk).update(retired_at=clock.now())
    assert refused(sizes[0].pk) == "retired"
    assert RewardStock.objects.get(reward=tiers[0]).held == 0


def test_a_variant_retired_at_the_last_moment_is_said_at_its_field(shop, campaign, tiers, sizes, on_host):
    visitor, name = on_host(shop), quantity_name(tiers[0], sizes[1])
    RewardVariant.objects.filter(pk=sizes[1].pk).update(retired_at=clock.now())
    data = confirmed(zone=HOME, **{name: "1", f"price_{tiers[0].pk}": "4000", f"postage_{tiers[0].pk}": "800"})
    form = visitor.post(url("contribute_review", campaign.pk), data).context["form"]
    assert form.errors == {name: ["No longer offered"]}
    assert form[name].value() == "1"


# Zones and postage


@pytest.mark.parametrize(
    ("language", "missing", "refused"),
    [
        (
            "fr",
            "Choisissez où envoyer vos contreparties.",
            "Nous n’envoyons pas cette contrepartie à cette adresse. "
            "Choisissez «\u00a0À venir chercher\u00a0» ou une autre contrepartie.",
        ),
        (
            "en",
            "Choose where to mail your rewards.",
            "We do not mail this reward to that address. Choose “To pick up” or another reward.",
        ),
    ],
)
def test_the_zone_is_one_that_all_that_is_mailed_goes_to(campaign, tiers, language, missing, refused):
    book = {quantity_name(tiers[1]): "1"}
    with translation.override(language):
        assert posted(campaign, **book).errors == {"zone": [missing]}
        assert posted(campaign, zone="moon", **book).errors == {"zone": [missing]}
        form = posted(campaign, zone=AWAY, **book)
        assert form.errors == {"zone": [refused]}
        assert form["zone"].value() == AWAY
        assert form[quantity_name(tiers[1])].value() == "1"
        assert [problem.anchor for problem in form.problems()] == ["id_zone_0"]
    assert posted(campaign, zone=HOME, **book).errors == {}


def test_what_is_picked_up_or_free_asks_for_no_zone(campaign, tiers):
    for form in (posted(campaign, [(tiers[2], 1)], zone=AWAY), posted(campaign, extra="5", zone=AWAY)):
        assert form.is_valid(), form.errors
        assert (form.mailed_to, form.postage) == ("", 0)


def test_the_zones_are_those_that_something_is_mailed_to(campaign, tiers, cooperative):
    assert [value for value, _label in ContributionForm(campaign).fields["zone"].choices] == [HOME, AWAY]
    plain = make_campaign(cooperative, title="Sans poste", bilingual=False)
    assert "zone" not in ContributionForm(plain).fields


def test_postage_is_by_quantity_part_of_all_that_is_agreed_to_and_paid(shop, campaign, tiers, sizes, on_host):
    visitor = on_host(shop)
    data = {
        **form_data((tiers[1], 2), (tiers[2], 1), (tiers[3], 3), extra="5", zone=HOME),
        **rows(tiers[0], sizes, 1, 1),
    }
    page = visitor.post(url("contribute_review", campaign.pk), data)
    text = words(page)
    for said in (
        "Le chandail, Petit, 1",
        "Le chandail, Grand, 1",
        "Le carnet, 2",
        "To pick up: Le moulin Le samedi",
        "Postage (Québec) $22.00",
        "Total $248.00",
        "for no more than $248,",
        "Pledge $248",
    ):
        assert said in text
    hidden = dict(page.context["form"].kept())
    assert hidden[f"postage_{tiers[0].pk}"] == "800"
    answer = visitor.post(url("contribute_review", campaign.pk), hidden | {"confirm": "1", "consent": "1"})
    assert answer.status_code == 303
    pledge = Pledge.objects.get()
    assert (pledge.amount, pledge.zone, pledge.consents.get().max_amount) == (24800, HOME, 24800)
    kept = pledge.items.order_by("reward__position", "variant__position")
    assert list(kept.values_list("quantity", "unit_amount", "unit_postage")) == [
        (1, 4000, 800),
        (1, 4000, 800),
        (2, 2000, 300),
        (1, 6500, 0),
        (3, 1200, 0),
    ]
    lines = checkout._lines(pledge)
    assert sum(line.unit_amount * line.quantity for line in lines) == 24800
    assert [line.name for line in lines][:2] == ["Le chandail, Petit", "Le chandail, Grand"]
    assert lines[-2].unit_amount == 2200


def test_a_flexible_contribution_pays_its_postage_on_the_hosted_page(shop, stripe_double, inside):
    flexible = make_campaign(shop, title="Le four", bilingual=False, funding_model=FundingModel.FLEXIBLE, body=body())
    book = Reward.objects.get(campaign=flexible, title_fr="Le carnet")
    row = pledging.begin(
        shop, pledge_request(flexible, chosen=[ChosenReward(book.pk, 2, 2000, 300)], zone=HOME, extra=0)
    )
    checkout.open_page(row)
    stripe_double.pay(row.stripe_session)
    checkout.finish(row)
    assert row.pledge.payments.get().amount == 4600
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "charge")] == [4600]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "Les frais d’envoi de «\u00a0Le carnet\u00a0» ont changé depuis l’ouverture de cette page"),
        ("en", "The postage of “Le carnet” has changed since you opened this page: $4."),
    ],
)  # fmt: skip
def test_postage_that_changed_shows_the_review_again(shop, campaign, tiers, on_host, language, said):
    visitor = on_host(shop)
    data = confirmed((tiers[1], 1), zone=HOME, **{f"postage_{tiers[1].pk}": "300"})
    RewardPostage.objects.filter(reward=tiers[1]).update(price=400)
    page = visitor.post(url("contribute_review", campaign.pk, language=language), data)
    assert any(sentence.startswith(said) for sentence in page.context["form"].price_notices)
    assert f'name="postage_{tiers[1].pk}" value="400"' in page.content.decode()
    assert not Pledge.objects.exists()


def test_prices_and_zones_are_checked_again_with_the_stock(shop, campaign, tiers):
    def refused(postage, zone):
        return code_of(shop, pledge_request(campaign, chosen=[ChosenReward(tiers[1].pk, 1, 2000, postage)], zone=zone))

    assert (refused(299, HOME), refused(0, ""), refused(300, AWAY)) == ("price", "zone", "zone")


# Amounts


@pytest.fixture
def suggesting(campaign, inside):
    Campaign.objects.filter(pk=campaign.pk).update(suggested_amounts=[2500, 5000, 12_050])
    campaign.refresh_from_db()
    return campaign


@pytest.mark.parametrize(
    ("suggested", "extra", "cents"),
    [("2500", "", 2500), ("12050", "", 12050), ("other", "33,25", 3325), ("", "33", 3300), ("2500", "25", 2500)],
)
def test_a_suggested_amount_or_another_one(suggesting, suggested, extra, cents):
    form = posted(suggesting, suggested=suggested, extra=extra)
    assert form.is_valid(), form.errors
    assert form.extra_cents == form.total == cents


@pytest.mark.parametrize(
    ("language", "figures", "one_of_them"),
    [
        (
            "fr",
            "Entrez un montant en chiffres, par exemple 45 ou 45,50.",
            "Choisissez un des montants, ou «\u00a0Un autre montant\u00a0» pour entrer le vôtre.",
        ),
        (
            "en",
            "Enter an amount in figures, for example 45 or 45.50.",
            "Choose one of the amounts, or “Another amount” to enter yours.",
        ),
    ],
)
def test_an_amount_that_says_two_things_or_nothing(suggesting, language, figures, one_of_them):
    with translation.override(language):
        assert posted(suggesting, suggested="other").errors == {"extra": [figures]}
        form = posted(suggesting, suggested="2500", extra="40")
        assert form.errors == {"extra": [one_of_them]}
        assert (form["suggested"].value(), form["extra"].value()) == ("2500", "40")
        assert list(posted(suggesting, suggested="2600").errors) == ["suggested"]


def test_suggested_amounts_are_offered_as_choices(suggesting, tiers):
    with translation.override("fr"):
        choices = ContributionForm(suggesting).fields["suggested"].choices
        assert [(value, str(label)) for value, label in choices] == [
            ("", "Aucun montant en plus"),
            ("2500", "25\u00a0$"),
            ("5000", "50\u00a0$"),
            ("12050", "120,50\u00a0$"),
            ("other", "Un autre montant"),
        ]


# People


def test_a_gift_a_company_and_a_note_are_kept(shop, campaign, tiers, on_host):
    visitor = on_host(shop)
    data = confirmed(
        (tiers[2], 1),
        wall="amount",
        gift_for=" Léa  Roy ",
        is_company="on",
        company_name="Boulangerie du rang",
        company_numbers="TPS 123 · TVQ 456",
        message="Bravo!\r\nÀ samedi.",
    )
    del data["confirm"]
    page = visitor.post(url("contribute_review", campaign.pk), data)
    for said in (
        "A gift for Léa Roy.",
        "On the wall of thanks: “Léa Roy” and your amount.",
        "Boulangerie du rang",
        "TPS 123 · TVQ 456",
        "Bravo! À samedi.",
    ):
        assert said in words(page)
    again = dict(page.context["form"].kept()) | {"confirm": "1", "consent": "1"}
    assert visitor.post(url("contribute_review", campaign.pk), again).status_code == 303
    pledge = Pledge.objects.get()
    assert (pledge.wall_name, pledge.gift_for, pledge.backer.name) == ("Léa Roy", "Léa Roy", "Camille Rivard")
    assert (pledge.company_name, pledge.company_numbers) == ("Boulangerie du rang", "TPS 123 · TVQ 456")
    assert pledge.message == "Bravo!\nÀ samedi."


def test_who_is_anonymous_has_no_name_on_the_wall_even_as_a_gift(shop, campaign, tiers):
    pledging.begin(shop, pledge_request(campaign, extra=500, gift_for="Léa Roy"))
    assert Pledge.objects.get().wall_name == ""


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "Entrez le nom de l’entreprise ou de l’organisme."),
        ("en", "Enter the name of the business or organization."),
    ],
)
def test_a_company_has_a_name(campaign, inside, language, said):
    with translation.override(language):
        form = posted(campaign, extra="5", is_company="on", company_numbers="123")
        assert form.errors == {"company_name": [said]}
        assert form["company_numbers"].value() == "123"
        assert posted(campaign, extra="5", company_name="Le four").errors == {}


def test_a_note_of_a_thousand_characters_may_have_lines(campaign, inside):
    assert posted(campaign, extra="5", message="a\r\n" * 500).errors == {}
    assert list(posted(campaign, extra="5", message="a" * 1001).errors) == ["message"]


def test_each_thing_said_makes_another_pledge(suggesting, tiers, sizes):
    key = uuid.uuid4()
    base = {"attempt": key, "zone": HOME, quantity_name(tiers[0], sizes[0]): "1"}
    changes = [
        {},
        {"zone": AWAY},
        {quantity_name(tiers[0], sizes[0]): "0", quantity_name(tiers[0], sizes[1]): "1"},
        {"suggested": "2500"},
        {"gift_for": "Léa"},
        {"company_name": "Léa"},
        {"company_name": "Léa", "company_numbers": "1"},
        {"message": "Léa"},
        {"wall": "name"},
        {"news": "on"},
    ]
    keys = set()
    for change in changes:
        forms = [posted(suggesting, **base | change) for _time in range(2)]
        assert all(form.is_valid() for form in forms), [form.errors for form in forms]
        assert forms[0].pledge_key == forms[1].pledge_key
        keys.add(forms[0].pledge_key)
    assert len(keys) == len(changes)


# Taxes and words


@pytest.fixture
def taxed(cooperative, inside):
    for code, rate in (("gst", 5000), ("qst", 9975)):
        TaxRate.objects.get_or_create(
            code=code,
            starts_on=date(2008, 1, 1) if code == "gst" else date(2013, 1, 1),
            defaults={"rate": rate, "name_fr": code, "name_en": code},
        )
        TaxRegistration.objects.create(
            cooperative=cooperative, code=code, number=f"{code}-1", starts_on=date(2020, 1, 1)
        )


def test_taxes_are_said_where_some_are_due_with_those_of_the_postage(campaign, tiers, on_host, taxed):
    Reward.objects.filter(pk=tiers[1].pk).update(taxable=2000)
    visitor = on_host(campaign.cooperative)
    # 23.00 $ with taxes in it is 20.00 $ + 1.00 $ + 2.00 $
    text = words(visitor.post(url("contribute_review", campaign.pk), form_data((tiers[1], 1), zone=HOME)))
    assert "Taxes included: GST $1.00 · QST $2.00" in text
    french = visitor.post(url("contribute_review", campaign.pk, language="fr"), form_data((tiers[1], 1), zone=HOME))
    assert "Taxes comprises : TPS 1,00 $ · TVQ 2,00 $" in words(french).replace("\u00a0", " ")
    for data in (form_data((tiers[2], 1)), form_data(extra="50")):
        assert "Taxes included" not in words(visitor.post(url("contribute_review", campaign.pk), data))


def test_who_is_not_registered_says_no_tax(campaign, tiers, on_host):
    Reward.objects.filter(pk=tiers[1].pk).update(taxable=2000)
    page = on_host(campaign.cooperative).post(
        url("contribute_review", campaign.pk), form_data((tiers[1], 1), zone=HOME)
    )
    assert "Taxes included" not in words(page)


def test_the_postage_of_something_taxable_is_taxable(shop, campaign, tiers):
    Reward.objects.filter(pk=tiers[1].pk).update(taxable=500)
    chosen = [ChosenReward(tiers[1].pk, 2, 2000, 300), ChosenReward(tiers[3].pk, 1, 1200, 0)]
    pledging.begin(shop, pledge_request(campaign, chosen=chosen, zone=HOME))
    assert list(PledgeItem.objects.order_by("reward__position").values_list("unit_taxable", flat=True)) == [575, 0]


def test_a_presale_says_its_goal_in_units(campaign, tiers, on_host):
    Campaign.objects.filter(pk=campaign.pk).update(goal_unit=GoalUnit.UNITS, goal=300)
    campaign.refresh_from_db()
    page = on_host(campaign.cooperative).post(url("contribute_review", campaign.pk), form_data((tiers[2], 1)))
    assert "Your card will be charged only if 300 units are reserved by" in words(page)
    assert "if pledges reach 300 units by" in words(page)
    assert "atteignent 300 unités au" in consent_text(campaign, 100, "fr")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_registered_charity_denies_no_receipt(campaign, tiers, on_host, language):
    Cooperative.objects.filter(pk=campaign.cooperative_id).update(is_charity=True)
    pledge = make_pledge(campaign, extra=500, rewards=[], language=language)
    pledge = Pledge.objects.select_related("campaign__cooperative").get(pk=pledge.pk)
    page = on_host(campaign.cooperative).post(
        url("contribute_review", campaign.pk, language=language), form_data((tiers[2], 1))
    )
    donation, receipt, nature = {
        "fr": ("S’il y a lieu, La Meule commune", "reçu fiscal", "Ni placement, ni part de la coopérative."),
        "en": ("Where applicable, La Meule commune", "ax receipt", "Not an investment, no share in the cooperative."),
    }[language]
    assert donation in words(page) and receipt not in words(page)
    assert checkout_text(pledge).endswith(nature) and receipt not in checkout_text(pledge)
    assert len(checkout_text(pledge)) <= LONGEST


# A card that expires too early


def test_a_card_that_expires_before_the_deadline_is_pointed_out(selling_card, campaign):
    pledge, thanks, mine = selling_card(charge_day(campaign))
    assert not expires_before_charge(pledge)
    assert "Your card expires" not in thanks + mine
    pledge, thanks, mine = selling_card(date(2026, 1, 1))
    assert expires_before_charge(pledge)
    assert "Your card expires before" in thanks and "Your card expires before" in mine


@pytest.fixture
def selling_card(shop, campaign, inside, on_host):
    visitor = on_host(shop)

    def shown(expires):
        pledge = make_pledge(campaign, rewards=[], extra=500, paid=False, language="en")
        Pledge.objects.filter(pk=pledge.pk).update(card_expires=expires.replace(day=1))
        pledge.refresh_from_db()
        row = Checkout.objects.get(pledge=pledge)
        thanks = visitor.get(url("checkout_return", row.key))
        return pledge, words(thanks), words(visitor.get(url("contribution", thanks.context["token"])))

    return shown


# Figures


@pytest.mark.parametrize("count", [1, 3])
def test_form_and_review_ask_as_many_queries_for_three_tiers_as_for_one(
    cooperative, inside, on_host, django_assert_num_queries, count
):
    many = [tier(f"t{n}", postage=zones(quebec=100), variants=[item("a"), item("b")], limit=9) for n in range(count)]
    campaign = make_campaign(cooperative, title=f"{count}", bilingual=False, tiers=many)
    visitor = on_host(cooperative)
    asked = {}
    for reward in Reward.objects.filter(campaign=campaign):
        asked[quantity_name(reward, reward.variants.first())] = "1"
    visitor.get(url("contribute", campaign.pk))
    with django_assert_num_queries(9):
        visitor.get(url("contribute", campaign.pk))
    with django_assert_num_queries(9):
        assert visitor.post(url("contribute_review", campaign.pk), form_data(zone=HOME, **asked)).context["total"]
