"""What a contribution is not: another sentence where a registered charity sends receipts."""

import pytest
from django.utils import translation

from home.models import Cooperative
from pledges.consent_texts import LONGEST, checkout_text, nature
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge

pytestmark = pytest.mark.usefixtures("inside")

SAID = {
    ("fr", False): ("ni un don ni un placement", "Ni reçu fiscal, ni placement, ni part de la coopérative."),
    ("en", False): ("It gives no tax receipt", "No tax receipt, no investment, no share in the cooperative."),
    ("fr", True): (
        "S’il y a lieu, La Meule commune, coopérative de solidarité vous enverra un reçu officiel de don.",
        "Ni placement, ni part de la coopérative.",
    ),
    ("en", True): (
        "Where applicable, La Meule commune, coopérative de solidarité will send you an official donation receipt.",
        "Not an investment, no share in the cooperative.",
    ),
}


@pytest.mark.parametrize(("language", "is_charity"), SAID)
@pytest.mark.parametrize("model", ["all_or_nothing", "flexible"])
def test_a_registered_charity_says_that_it_sends_receipts(cooperative, language, is_charity, model):
    Cooperative.objects.update(is_charity=is_charity)
    cooperative.refresh_from_db()
    review, beside_the_button = SAID[language, is_charity]
    with translation.override(language):
        assert review in nature(cooperative)
    pledge = make_pledge(make_campaign(cooperative, funding_model=model), paid=False, language=language)
    text = checkout_text(pledge)
    assert text.endswith(beside_the_button)
    assert len(text) <= LONGEST
