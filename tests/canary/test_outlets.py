"""Where things leave by themselves: mails, the platform's page, caches, files, links."""

import json

import pytest
from django.conf import settings as configured
from django.core.cache import cache
from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter
from wagtail.documents.models import Document
from wagtail.models import Page
from wagtail.rich_text import expand_db_html

from home.blocks import RichText
from home.languages import LANGUAGES
from home.mail import composing
from home.models import OutgoingMail
from home.tenancy import within
from tests.canary import walking
from tests.canary.asking import Asker, someone, undone
from tests.canary.houses import CANARY, COMMON, OURS
from tests.canary.routes import address, walk, ways
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_cooperative
from tests.samples import SAMPLES, make_mail

pytestmark = pytest.mark.long


def words_of(mail: OutgoingMail) -> bytes:
    with within(mail.cooperative):
        message = composing.compose(mail)
    parts = [message.body, *(part.content for part in message.alternatives), message.subject, *message.to]
    parts += [f"{name}: {value}" for name, value in message.message().items()]
    parts += [str(attachment) for attachment in message.attachments]
    return "\n".join(parts).encode()


def test_no_mail_to_a_reader_of_ours_says_their_word(ours, theirs):
    """One of each kind, in French or English by turns: tests/test_every_mail.py reads them all."""
    singing, readers = [], make_cooperative("lecteurs", name="Lecteurs")
    for number, kind in enumerate(sorted(SAMPLES)):
        language = list(LANGUAGES)[number % 2]
        with undone():
            campaign = make_campaign(readers, slug="pour-un-courriel", title=f"{COMMON} {OURS}")
            if CANARY.search(words_of(make_mail(kind, campaign, language))):
                singing.append(kind)
    assert singing == []


def test_the_discovery_page_shows_who_is_listed_only(ours, theirs):
    visitor = Asker(configured.PLATFORM_HOST)
    found = {}
    for route in walk(configured.PLATFORM_URLCONF):
        for query in ("", f"?q={COMMON}", f"?q={COMMON}&p=1"):
            for house in (ours, theirs):
                for one in ways(route, house):
                    answer = visitor.get(address(route, one) + query)
                    found[answer.url] = (answer.sings, answer.status >= 500)
    assert {url: said for url, said in found.items() if any(said)} == {}
    assert OURS.encode() in visitor.get(f"/fr/?q={COMMON}").said


def test_what_one_host_put_into_the_cache_is_not_told_at_another(ours, theirs):
    """Both are asked the same addresses, one after the other: the second finds the cache full."""
    public = [route for route in walking.all_routes() if not route.is_admin and route.language == "fr"]
    urls = [address(route, one) for route in public for house in (theirs, ours) for one in ways(route, house)[:1]]
    there, here = someone(theirs, "anonymous"), someone(ours, "anonymous")
    cache.clear()
    said = [there.get(url) for url in urls]
    assert sum(answer.sings for answer in said) > 10
    assert [url for url in urls if here.get(url).sings] == []


def test_documents_are_served_at_their_own_host(ours, theirs):
    found = {}
    for house, host in ((ours, ours.host), (theirs, theirs.host), (theirs, ours.host), (ours, theirs.host)):
        visitor = Asker(host)
        files = {"open": house.house.document, "private": house.made["private"]}
        for name, file in files.items():
            kept = visitor.get(f"/media/{file.file.name}").status
            round_about = visitor.get(f"/media/images/../{file.file.name}").status
            found[(house.word, host, name)] = (visitor.get(file.url).status, kept, round_about)
    at_home, elsewhere = {"open": (200, 404, 404), "private": (302, 404, 404)}, (404, 404, 404)
    assert found == {
        (house.word, host, name): at_home[name] if host == house.host else elsewhere
        for house in (ours, theirs)
        for host in (ours.host, theirs.host)
        for name in at_home
    }


def linked(house) -> dict[str, int]:
    return {"page": house.house.draft.pk, "document": house.house.document.pk}


@pytest.mark.parametrize("kind", ["page", "document"])
def test_a_text_links_to_what_is_ours_only(ours, theirs, kind):
    converter = ContentstateConverter(features=["link", "document-link"])
    for house, kept in ((ours, True), (theirs, False)):
        stored = f'<p>Lire <a linktype="{kind}" id="{linked(house)[kind]}">ceci</a>.</p>'
        with within(ours.cooperative):
            shown, edited = expand_db_html(stored), converter.from_database_format(stored)
            typed = RichText(features=["link", "document-link"]).value_from_datadict(
                {"text": _typed(kind, linked(house)[kind])}, {}, "text"
            )
        assert ("href" in shown, "url" in edited, "linktype" in typed.source) == (kept, kept, kept), house.word
        assert not CANARY.search(f"{shown} {edited} {typed.source}".encode())


def _typed(kind: str, key: int) -> str:
    """As Draftail posts it."""
    entity = {"type": {"page": "LINK", "document": "DOCUMENT"}[kind], "mutability": "MUTABLE", "data": {"id": key}}
    block = {"key": "a", "text": "ceci", "type": "unstyled", "depth": 0, "inlineStyleRanges": []}
    ranges = [{"offset": 0, "length": 4, "key": 0}]
    return json.dumps({"blocks": [block | {"entityRanges": ranges}], "entityMap": {"0": entity}})


def test_a_copy_is_put_below_our_own_pages_only(ours, theirs):
    editor, page = someone(ours, "editor"), ours.made["text"]
    for house, made in ((theirs, 0), (ours, 1)):
        data = {"new_title": "Copie", "new_slug": "copie", "new_parent_page": house.cooperative.site.root_page_id}
        with undone():
            answer = editor.post(f"/admin/pages/{page.pk}/copy/", data)
            assert Page.objects.filter(title="Copie").count() == made
            assert not answer.sings
    assert Document.objects.filter(title="Copie").count() == 0
