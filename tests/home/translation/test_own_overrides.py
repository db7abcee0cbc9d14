"""What a language has of its own is chosen among what is the cooperative's."""

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Locale
from wagtail_localize.models import SegmentOverride, Translation, TranslationSource

from home.cooperatives.twins import shelf_of
from home.models import Role
from home.tenancy import within
from tests.factories.campaigns import body_of, make_campaign_page, two_tiers
from tests.factories.cooperatives import make_user

pytestmark = pytest.mark.django_db


def picture_of(cooperative, title):
    file = get_test_image_file(f"{title}.png")
    return Image.objects.create(title=title, file=file, collection=shelf_of(cooperative).collection)


@pytest.fixture
def choosing(cooperative):
    """The address where the English picture of a page is chosen."""
    body = body_of(two_tiers())
    body[0]["value"]["image"] = picture_of(cooperative, "moulin").pk
    page = make_campaign_page(cooperative, publish=False, body=body)
    source, _created = TranslationSource.update_or_create_from_instance(page)
    translation = Translation.objects.create(source=source, target_locale=Locale.objects.get(language_code="en"))
    with within(cooperative):
        translation.save_target(publish=False)
    segment = source.overridablesegment_set.get()
    return reverse("wagtail_localize:edit_override", args=[translation.pk, segment.pk])


def test_a_picture_of_another_cooperative_is_not_taken(cooperative, outsider, choosing):
    client = Client(HTTP_HOST=cooperative.site.hostname)
    client.force_login(make_user(cooperative, Role.EDITOR))
    form = "application/x-www-form-urlencoded"
    client.put(choosing, data=f"value={picture_of(outsider, 'phare').pk}", content_type=form)
    assert not SegmentOverride.objects.exists()
    ours = picture_of(cooperative, "mill")
    assert client.put(choosing, data=f"value={ours.pk}", content_type=form).status_code == 201
    client.put(choosing, data=f"value={picture_of(outsider, 'phare2').pk}", content_type=form)
    assert SegmentOverride.objects.get().data == str(ours.pk)
    assert client.delete(choosing).status_code == 200
