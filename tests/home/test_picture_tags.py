"""A picture in several widths."""

import re

import pytest
from django.template import Context, Template
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from home import picture_drawing

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


@pytest.mark.django_db
def test_avif_is_offered_once_it_is_drawn_and_no_visitor_draws_it():
    image = picture(1000, 100)
    drawn = image.get_rendition_model().objects
    assert "<picture>" not in TEMPLATE.render(Context({"image": image}))
    assert set(drawn.values_list("filter_spec", flat=True)) == {f"width-{n}|format-webp" for n in (200, 400, 800)}
    with picture_drawing.beforehand():
        html = TEMPLATE.render(Context({"image": image}))
    assert TEMPLATE.render(Context({"image": image})) == html
    source, shown = html.removeprefix("<picture>").split("<img")
    assert (source.count(".avif"), shown.count(".webp"), 'type="image/avif"' in source) == (3, 4, True)
    assert re.findall(r" (\d+)w", source) == ["200", "400", "800"]
    assert 'sizes="100vw"' in source
    assert ('width="200"' in shown, 'height="20"' in shown) == (True, True)


@pytest.mark.django_db
def test_it_says_what_wagtail_says():
    said = 'image width-{200,400} format-webp sizes="100vw" alt=words loading="lazy"'
    context = {"image": picture(1000, 100), "words": """« L'eau & le "grain" » <b>"""}
    theirs = Template(f"{{% load wagtailimages_tags %}}{{% srcset_image {said} %}}").render(Context(context))
    assert "&lt;b&gt;" in theirs
    assert Template(f"{{% srcset_once {said} %}}").render(Context(context)) == theirs
