"""The shape every mail has, whatever its kind: greeting, one button, footer of its category, inlined styles."""

from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest

from home import outbox
from home.mail import composing, registry
from home.mail.registry import Category, MailKind
from home.models import OutgoingMail
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge

HTML = (
    '{% extends "emails/base.html" %}{% block preview %}A line{% endblock %}'
    "{% block body %}<p>{{ words }}</p>{% endblock %}"
)
TEXT = '{% extends "emails/base.txt" %}{% block body %}{{ words }}\n\n\n\nEnd{% endblock %}'
SUBJECT = "Two\nlines of {{ words }}\n"
WORDS = "L'été & \"l'hiver\" <b>"


@pytest.fixture
def kind(settings):
    """A kind of each category, with templates of its own."""
    templates = {
        f"emails/tests/test_{category}.{ending}": body
        for category in Category
        for ending, body in (("html", HTML), ("txt", TEXT), ("subject.txt", SUBJECT))
    }
    loaders = [
        ("django.template.loaders.locmem.Loader", templates),
        "django.template.loaders.filesystem.Loader",
        "django.template.loaders.app_directories.Loader",
    ]
    (stock,) = settings.TEMPLATES
    options = stock["OPTIONS"] | {"loaders": loaders}
    settings.TEMPLATES = [{**stock, "APP_DIRS": False, "OPTIONS": options}]

    def make(category, **said):
        made = MailKind(
            key=f"test_{category.value}",
            app="tests",
            category=category,
            purpose="Tests.",
            fill=lambda mail: {"words": WORDS} | said,
        )
        return registry.register(made)

    known = dict(registry._kinds)
    yield make
    registry._kinds.clear()
    registry._kinds.update(known)


def saved(kind, cooperative, to, **fields):
    outbox.queue(kind, cooperative=cooperative, subject_key="x:1", to=to, **fields)
    return OutgoingMail.objects.select_related("cooperative__site", "backer", "user").get()


def parts(mail):
    message = composing.compose(mail)
    return message, message.alternatives[0][0], message.body


@pytest.mark.usefixtures("inside")
def test_service_mail(kind, cooperative, campaign):
    backer = make_pledge(campaign, backer_name="Rosalie d'Aragon", language="en").backer
    service = kind(Category.SERVICE, campaign=campaign, button_url="https://x.example/mine")
    message, html, text = parts(saved(service, cooperative, backer))
    assert message.subject == f"Two lines of {WORDS}"
    assert text.startswith(
        f"Hello Rosalie d'Aragon,\n\nTwo lines of {WORDS}\n\n{WORDS}\n\nEnd\n\nView my contribution\nhttps://x.example/mine\n"
    )
    assert "L&#x27;été &amp; &quot;l&#x27;hiver&quot; &lt;b&gt;" in html or "L'été &amp; \"l'hiver\" &lt;b&gt;" in html
    assert ('href="https://x.example/mine"' in html, "View my contribution" in html) == (True, True)
    assert "List-Unsubscribe" not in message.extra_headers
    for part in (html, text):
        assert "contributed to the campaign" in part
        assert "Privacy officer: Mireille Dubé" in part
        assert "nsubscribe" not in part


@pytest.mark.usefixtures("inside")
def test_team_mail(kind, cooperative):
    editor = make_user(cooperative)
    message, html, text = parts(saved(kind(Category.TEAM), cooperative, editor, language="en"))
    assert message.to == [editor.email]
    for part in (html, text):
        assert "You receive this as a member of the team." in part
        assert "http://meule.localhost/admin/my-emails/" in part
        assert "View my contribution" not in part


@pytest.mark.usefixtures("inside")
def test_without_a_name_the_greeting_has_none(kind, cooperative, campaign):
    backer = make_pledge(campaign, backer_name="", language="en").backer
    _message, html, text = parts(saved(kind(Category.SERVICE), cooperative, backer))
    assert text.startswith("Hello,\n")
    assert "<p" in html
    assert "Hello," in html


@pytest.mark.usefixtures("inside")
def test_styles_are_inlined_and_the_brand_shows(kind, cooperative, campaign):
    backer = make_pledge(campaign).backer
    _message, html, _text = parts(saved(kind(Category.SERVICE), cooperative, backer))
    assert ("background: #ff7a4d" in html, 'lang="fr-CA"' in html) == (True, True)
    assert (html.count("<style"), "@media" in html, ".sheet-of-paper" in html) == (1, True, False)
    assert len(html.encode()) < 60_000


@pytest.mark.usefixtures("inside")
def test_the_from_name_is_the_cooperatives_whatever_its_letters(kind, cooperative, campaign):
    type(cooperative).objects.update(name="L’Érable, coop")
    backer = make_pledge(campaign).backer
    message, _html, _text = parts(saved(kind(Category.SERVICE), cooperative, backer))
    sent = message.message()
    name, address = parseaddr(str(sent["From"]))
    assert (str(make_header(decode_header(name))), address) == ("L’Érable, coop", "nouvelles@meule.example")
