"""A picture in several widths."""

import re

import pytest
from django.template import Context, Template
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

TEMPLATE = Template('{% srcset_once image width-{200,400,800} format-webp sizes="100vw" alt="Une meule" %}')


def picture(width, height):
    file = get_test_image_file(filename="meule.png", size=(width, height))
    return get_image_model().objects.create(title="Meule", file=file)


@pytest.mark.django_db
@pytest.mark.parametrize(("width", "widths"), [(1000, ["200", "400", "800"]), (500, ["200", "400", "500"]), (150, [])])
def test_each_width_is_asked_for_once(width, widths):
    html = TEMPLATE.render(Context({"image": picture(width, 100)}))
    assert re.findall(r" (\d+)w", html) == widths
    assert 'alt="Une meule"' in html


@pytest.mark.django_db
def test_no_picture_is_nothing():
    assert TEMPLATE.render(Context({"image": None})) == ""
