"""Suggested free amounts: typed in one field, read as whole amounts."""

import pytest
from django.core.exceptions import ValidationError

from campaigns import suggesting
from campaigns.models import Campaign, CampaignPage
from tests.campaigns.editing import at_home, fields_of
from tests.factories.campaigns import make_campaign_page


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("", []),
        ("10, 25, 50", [1_000, 2_500, 5_000]),
        ("10,25,50", [1_000, 2_500, 5_000]),
        ("10 $; 1 000 $", [1_000, 100_000]),
        ("$50, 20,", [5_000, 2_000]),
        ("1\u00a0000", [100_000]),
    ],
)
def test_what_is_typed_is_read_in_its_order(typed, cents):
    assert suggesting.read(typed) == cents


@pytest.mark.parametrize("typed", ["10.50", "dix", "0, 5", "10 25 50", "-5", "100001", "1, 1", "1,2,3,4,5,6,7"])
def test_what_cannot_be_meant_is_refused(typed):
    with pytest.raises(ValidationError):
        suggesting.read(typed)
    assert suggesting.read_or_none(typed) == []


def edit(client, page, **changes):
    return client.post(f"/admin/pages/{page.pk}/edit/", fields_of(page, **changes))


@pytest.mark.usefixtures("inside")
def test_they_are_kept_as_typed_and_written_as_amounts_even_once_live(cooperative):
    page = make_campaign_page(cooperative)
    changes = {"suggested_amounts": "10 $, 25, 50", "action-publish": "1"}
    assert edit(at_home(cooperative), page, **changes).status_code == 302
    assert CampaignPage.objects.get(pk=page.pk).suggested_amounts == "10 $, 25, 50"
    assert Campaign.objects.get().suggested_amounts == [1_000, 2_500, 5_000]


@pytest.mark.usefixtures("inside")
def test_a_bad_one_is_said_at_its_field_and_kept(cooperative):
    page = make_campaign_page(cooperative)
    response = edit(at_home(cooperative, language="fr"), page, suggested_amounts="10.50")
    form = response.context["form"]
    assert list(form.errors) == ["suggested_amounts"]
    assert form["suggested_amounts"].value() == "10.50"
    assert form.errors["suggested_amounts"] == [
        "Inscrivez des montants entiers séparés par des virgules, par exemple 10, 25, 50."
    ]
    assert CampaignPage.objects.get(pk=page.pk).suggested_amounts == ""
