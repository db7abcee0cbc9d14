"""Icons, logos and texts of a brand, as browsers, mail programs and visitors get them from its host."""

import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Picture
from wagtail.images.models import Image
from wagtail.models import Collection

from home.mail import composing
from home.models import Brand, LogoDrawing, TextPage
from home.tenancy import within
from tests.factories.campaigns import make_campaign
from tests.samples import make_mail
from tests.test_every_mail import Read, faults_of

SVG = (
    '<svg viewBox="0 0 8 4" xmlns="http://www.w3.org/2000/svg" width="8" height="4"><rect width="8" height="4" /></svg>'
)


def make_image(cooperative, colour="#ff0000", size=(300, 150)):
    out = BytesIO()
    Picture.new("RGB", size, colour).save(out, "PNG")
    file = SimpleUploadedFile("logo.png", out.getvalue(), "image/png")
    collection = Collection.objects.get(name=cooperative.name)
    return Image.objects.create(title="Logo", file=file, collection=collection)


def change(cooperative, **fields):
    brand = Brand.objects.get(site=cooperative.site)
    for name, value in fields.items():
        setattr(brand, name, value)
    brand.save()
    return brand


def picture(response):
    assert response.status_code == 200
    return Picture.open(BytesIO(response.content)).convert("RGBA")


def icon_links(html):
    return re.findall(r'<link rel="(?:icon|apple-touch-icon)" href="([^"]+)"', html)


def test_each_host_has_icons_of_its_own(cooperative, outsider, on_host):
    """Its first letter on its field, then its logo, then an icon of its own; each change has new addresses."""
    Brand.objects.filter(site=outsider.site).update(field="#0000ff")
    seen = []
    for step in ({}, {"logo": make_image(cooperative)}, {"favicon": make_image(cooperative, "#00ff00", (64, 64))}):
        change(cooperative, **step)
        client = on_host(cooperative)
        links = icon_links(client.get("/fr/").content.decode())
        answers = [client.get(link) for link in links]
        assert [picture(answer).size for answer in answers] == [(32, 32), (192, 192), (180, 180)]
        assert {answer.headers["Cache-Control"] for answer in answers} == {"public, max-age=31536000, immutable"}
        assert not [answer for answer in answers if "Cookie" in answer.headers.get("Vary", "") or answer.cookies]
        seen.append((links, picture(answers[0]).getpixel((16, 4)), picture(answers[2]).getpixel((4, 4))))
    assert len({link for links, *_pixels in seen for link in links}) == 9
    letter, logo, icon = (pixels for _links, *pixels in seen)
    assert letter == [(0xFF, 0x7A, 0x4D, 255)] * 2
    assert logo == [(255, 255, 255, 0), (255, 255, 255, 255)]
    assert icon == [(0, 255, 0, 255)] * 2
    theirs = icon_links(on_host(outsider).get("/fr/").content.decode())
    assert picture(on_host(outsider).get(theirs[0])).getpixel((16, 2)) == (0, 0, 255, 255)


def test_what_browsers_ask_for_unbidden(cooperative, on_host):
    client = on_host(cooperative)
    answer = client.get("/favicon.ico")
    assert answer.headers["Content-Type"] == "image/vnd.microsoft.icon"
    with Picture.open(BytesIO(answer.content)) as ico:
        assert ico.info["sizes"] == {(16, 16), (32, 32), (48, 48)}
    assert picture(client.get("/apple-touch-icon.png")).size == (180, 180)
    assert client.get("/brand/1/icon-4096.png").status_code == 404
    assert client.get("/brand/1/logo.svg").status_code == 404
    assert client.get("/brand/1/social.jpg").status_code == 404
    assert client.get("/brand/1/mail.png").status_code == 404


def test_a_file_put_in_the_place_of_another_has_a_new_address(cooperative, on_host):
    image = make_image(cooperative)
    change(cooperative, logo=image)
    before = icon_links(on_host(cooperative).get("/fr/").content.decode())
    image.file = make_image(cooperative, "#0000ff", (64, 64)).file
    image.save()
    after = icon_links(on_host(cooperative).get("/fr/").content.decode())
    assert not set(before) & set(after)
    assert picture(on_host(cooperative).get(after[0])).getpixel((16, 16)) == (0, 0, 255, 255)


def test_a_drawn_logo_is_served_where_it_can_do_nothing(cooperative, outsider, on_host):
    brand = change(cooperative, drawing_name="abc", drawing_width=8, drawing_height=4)
    LogoDrawing.objects.create(brand=brand, svg=SVG)
    html = on_host(cooperative).get("/en/").content.decode()
    address = f"/brand/{brand.version}/logo.svg"
    assert f'<img class="logo__image logo__image--drawn" src="{address}" width="8" height="4" alt="">' in html
    assert icon_links(html)[0] == address
    answer = on_host(cooperative).get(address)
    assert answer.content.decode() == SVG
    names = ("Content-Type", "Content-Security-Policy", "X-Content-Type-Options")
    assert [answer.headers[name] for name in names] == [
        "image/svg+xml; charset=utf-8",
        "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "nosniff",
    ]
    assert on_host(outsider).get(address).status_code == 404


@pytest.mark.usefixtures("campaign")
def test_a_page_without_a_picture_is_shared_with_that_of_the_brand(cooperative, on_host):
    client = on_host(cooperative)
    assert "og:image" not in client.get("/fr/").content.decode()
    brand = change(cooperative, social_image=make_image(cooperative, size=(1600, 900)))
    html = client.get("/en/").content.decode()
    address = f"http://meule.localhost/brand/{brand.version}/social.jpg"
    assert re.findall(r'<meta property="og:image" content="([^"]+)">', html) == [address]
    assert '<meta property="og:url" content="http://meule.localhost/en/">' in html
    assert picture(client.get(address.removeprefix("http://meule.localhost"))).size == (1200, 630)
    campaign = client.get("/fr/remettre-la-meule-en-marche/").content.decode()
    assert len(re.findall('property="og:image"', campaign)) == 1
    assert "social.jpg" not in campaign


def test_header_and_footer_speak_the_language_of_the_page(cooperative, on_host, django_assert_max_num_queries):
    with within(cooperative):
        home = cooperative.site.root_page
        terms = home.add_child(instance=TextPage(title="Conditions", locale=home.locale, body=[]))
    change(
        cooperative,
        header_fr="Du blé & du pain.",
        header_en="Wheat & bread.",
        footer_fr=f'<p>Voir nos <a linktype="page" id="{terms.pk}">conditions</a>.</p>',
        footer_en='<p>See <a href="https://meule.example/">our shop</a>.</p>',
    )
    client = on_host(cooperative)
    client.get("/fr/")
    with django_assert_max_num_queries(10):
        french = client.get("/fr/").content.decode()
    english = client.get("/en/").content.decode()
    assert '<p class="wrap site-head__line">Du blé &amp; du pain.</p>' in french
    assert 'Voir nos <a href="/fr/conditions/">conditions</a>.' in french
    assert '<p class="wrap site-head__line">Wheat &amp; bread.</p>' in english
    assert 'See <a href="https://meule.example/">our shop</a>.' in english


@pytest.mark.parametrize("kind", ["pledge_confirmed", "contribution_receipt"])
def test_a_word_of_thanks_is_in_both_parts_of_the_mail(cooperative, kind):
    words = {"fr": "Merci! Les « 12 fermes »\n\nvous attendent <ici>.", "en": "Thank you! “12 farms” await <here>."}
    change(cooperative, thanks_fr=words["fr"], thanks_en=words["en"])
    for language in ("fr", "en"):
        read = Read(make_mail(kind, make_campaign(cooperative, slug=f"campagne-{language}"), language))
        assert (language, faults_of(read)) == (language, [])
        first = words[language].replace("\n\n", " ")
        assert (first in read.shown, first in read.text) == (True, True)


def test_the_head_of_mails_is_the_brand_s(cooperative, on_host):
    campaign = make_campaign(cooperative)

    def html():
        with within(cooperative):
            return composing.compose(make_mail("sender_check", campaign, "fr")).alternatives[0].content

    change(cooperative, mail_head="logo", mail_field="#0f4a38")
    assert re.search(r'<td class="masthead[^>]*background: #0f4a38[^>]*>La Meule commune</td>', html())
    brand = change(cooperative, logo=make_image(cooperative, size=(960, 300)))
    address = f"http://meule.localhost/brand/{brand.version}/mail.png"
    assert f'<img src="{address}" height="48" alt="La Meule commune"' in html()
    assert picture(on_host(cooperative).get(address.removeprefix("http://meule.localhost"))).size == (307, 96)
