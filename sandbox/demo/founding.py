"""The demo's cooperatives: founded as an operator founds one, with team, Stripe account and pages of text."""

from typing import Any

from django.contrib.auth.hashers import make_password

from home.cooperatives.founding import Foundation, found, welcome
from home.languages import ENGLISH, FRENCH, LANGUAGES
from home.models import Brand, Cooperative, HomePage, Role, TextPage, User
from pledges.gateway.accounts import open_account
from sandbox.demo import double
from sandbox.demo.content import COOPERATIVES, CooperativeText, html
from sandbox.demo.pictures import Album
from sandbox.demo.story import text_body
from sandbox.demo.twins import add_both, publish_both

PASSWORD = "tremplin"
OPERATOR = "operateur@tremplin.example"

#: What stands before the @ of someone with that role.
MAILBOXES = {
    Role.EDITOR: "redaction",
    Role.ADVISER: "accompagnement",
    Role.TREASURER: "tresorerie",
    Role.OWNER: "direction",
}


def address_of(role: Role, slug: str) -> str:
    """The log-in of a role in a cooperative of the demo."""
    return f"{MAILBOXES[role]}@{slug}.example"


def found_demo(text: CooperativeText, port: int) -> Cooperative:
    """The cooperative, able to take payments; what is there already is left as it is."""
    cooperative = Cooperative.objects.select_related("site").filter(slug=text.slug).first()
    if cooperative is None:
        taglines, fields, brand = text.taglines, text.fields, text.brand
        foundation = Foundation(text.slug, text.name, f"{text.slug}.localhost", port, taglines, fields, brand)
        cooperative = found(foundation)
    _open_account(cooperative)
    _welcome_team(cooperative, text)
    return cooperative


def _open_account(cooperative: Cooperative) -> None:
    if cooperative.takes_payments:
        return
    account = open_account(
        f"tremplin-cooperative-{cooperative.pk}",
        email=cooperative.contact_email,
        name=cooperative.name,
        descriptor=cooperative.statement_descriptor,
        metadata={"tremplin_cooperative": cooperative.slug},
    )
    double.enable(account)
    enabled = ["charges_enabled", "payouts_enabled", "details_submitted"]
    cooperative.stripe_account = account
    for name in enabled:
        setattr(cooperative, name, True)
    cooperative.save(update_fields=["stripe_account", *enabled])


def _welcome_team(cooperative: Cooperative, text: CooperativeText) -> None:
    password = make_password(PASSWORD)
    for name, person in text.team.items():
        role = Role(name)
        fields = person | {"password": password}
        user, _created = User.objects.get_or_create(email=address_of(role, text.slug), defaults=fields)
        welcome(user, cooperative, role)


def share_adviser(advised: Cooperative) -> None:
    """The adviser of the first cooperative follows another one too, as an adviser who is invited by several does."""
    adviser = User.objects.get(email=address_of(Role.ADVISER, COOPERATIVES[0]))
    welcome(adviser, advised, Role.ADVISER)


def write_pages(cooperative: Cooperative, text: CooperativeText) -> None:
    """Logo, home page and pages of text, in both languages."""
    brand = Brand.for_site(cooperative.site)
    if brand.logo_id is None:
        brand.logo_id = Album(cooperative).picture(text.logo)
        brand.save()
    home = cooperative.site.root_page.specific
    if not home.body:
        home.body = text_body(f"{text.slug}/home", text.about[FRENCH])
        publish_both(home, _english_home(text, home))
    for page in text.texts:
        french, english = (_text_page(text, page, language) for language in LANGUAGES)
        add_both(home, TextPage, french, english)


def _english_home(text: CooperativeText, home: HomePage) -> dict[str, Any]:
    twin = home.get_translations().get()
    body = text_body(f"{text.slug}/home", text.about[ENGLISH])
    return {"title": text.name, "slug": twin.slug, "tagline": text.taglines[ENGLISH], "body": body}


def _text_page(text: CooperativeText, page: dict[str, Any], language: str) -> dict[str, Any]:
    body = text_body(f"{text.slug}/{page['slug']['fr']}", html(page[language]["text"]))
    return {"title": page["title"][language], "slug": page["slug"][language], "body": body}


def make_operator() -> None:
    """Whoever runs the platform. Made last: with this person, the demo is whole."""
    User.objects.create_superuser(OPERATOR, PASSWORD, first_name="Opérateur")


def is_whole() -> bool:
    return User.objects.filter(email=OPERATOR).exists()
