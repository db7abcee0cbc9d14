"""Points that a federation added to the launch checklist: confirmed by a person, campaign by campaign."""

import uuid

import pytest
from django.urls import reverse

from campaigns import checklist
from campaigns.models import CheckedPoint
from home.models import Federation, OwnPoint, Role
from home.tenancy import within
from tests.factories.campaigns import make_campaign_page
from tests.factories.cooperatives import make_user


@pytest.fixture
def points(cooperative, outsider):
    federation = Federation.objects.create(name="Fédération des moulins", slug="moulins")
    made = []
    for one in (cooperative, outsider):
        one.federation = federation
        one.save()
        with within(one):
            for blocks in (True, False):
                words = {"sentence_fr": f"Point de {one}", "sentence_en": f"Point of {one}"}
                made.append(OwnPoint.objects.create(cooperative=one, key=uuid.uuid4(), holds_back=blocks, **words))
    return made


def own(page, cooperative):
    with within(cooperative):
        found = [point for point in checklist.of(page, cooperative).points if point.key.startswith("own:")]
    return [(point.sentence, point.done, point.blocks) for point in found]


def test_they_stand_on_the_dossier_until_someone_confirms_them(cooperative, points, on_host, django_user_model):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, Role.ADVISER))
    with within(cooperative):
        page = make_campaign_page(cooperative, publish=False)
        other = make_campaign_page(cooperative, title="Autre", publish=False)
    words = "Point de La Meule commune"
    assert own(page, cooperative) == [(words, False, True), (words, False, False)]
    url = reverse("campaigns_confirm_point", args=[page.pk])
    assert client.get(url).status_code == 405
    for _twice in range(2):
        assert client.post(url, {"point": points[0].key}).status_code == 302
    assert own(page, cooperative) == [(words, True, False), (words, False, False)]
    assert own(other, cooperative) == [(words, False, True), (words, False, False)]
    html = client.get(reverse("campaigns_dossier", args=[page.pk])).content.decode()
    assert "Demandé par la fédération\u00a0: Fédération des moulins" in html
    assert html.count("· Adviser") == 1
    assert "Point de Le Large" not in html
    client.post(url, {"point": points[0].key, "undo": "1"})
    assert own(page, cooperative) == [(words, False, True), (words, False, False)]


def test_nothing_of_another_cooperative_can_be_confirmed(cooperative, outsider, points, on_host):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative, Role.OWNER))
    with within(outsider):
        theirs = make_campaign_page(outsider, publish=False)
    with within(cooperative):
        ours = make_campaign_page(cooperative, publish=False)
    asked = [(theirs, points[0].key), (theirs, points[2].key), (ours, points[2].key), (ours, "x"), (ours, "")]
    for page, key in asked:
        answer = client.post(reverse("campaigns_confirm_point", args=[page.pk]), {"point": key}, follow=True)
        assert answer.status_code == 404, (page, key)
    for one in (cooperative, outsider):
        with within(one):
            assert not CheckedPoint.objects.exists()
