"""Cooperatives and the people in them."""

from wagtail.models import Collection, Locale, Page

from home.cooperatives.founding import Foundation, found, welcome
from home.models import Role, User
from tests.factories.replaying import replayed


def bootstrap():
    """What the first migrations give, where a test has flushed the tables."""
    for code in ("fr", "en"):
        Locale.objects.get_or_create(language_code=code)
    if not Page.objects.filter(depth=1).exists():
        Page.add_root(title="Root", slug="root", locale=Locale.objects.get(language_code="fr"))
    if not Collection.objects.filter(depth=1).exists():
        Collection.add_root(name="Root")


@replayed
def make_cooperative(slug="meule", name="La Meule commune", *, brand=None, **fields):
    """A cooperative at `<slug>.localhost`, with a home page in both languages; it can take payments."""
    bootstrap()
    defaults = {
        "legal_name": f"{name}, coopérative de solidarité",
        "registration_number": "1100000000",
        "address": "4, chemin du Moulin, Saint-Aurèle (Québec) G0L 0X0",
        "phone": "418 555-0142",
        "contact_email": f"bonjour@{slug}.example",
        "privacy_officer": "Mireille Dubé",
        "sender_email": f"nouvelles@{slug}.example",
        "statement_descriptor": slug.upper(),
        "stripe_account": f"acct_{slug}",
        "charges_enabled": True,
    }
    return found(
        Foundation(
            slug=slug,
            name=name,
            hostname=f"{slug}.localhost",
            port=80,
            taglines={"fr": "Le grain d’ici, moulu ici.", "en": "Local grain, milled here."},
            fields=defaults | fields,
            brand=brand or {},
        )
    )


def make_user(cooperative=None, role=Role.EDITOR, email=None, **fields):
    """Someone of the team; without a cooperative, someone who belongs nowhere."""
    email = email or f"{role}@{cooperative.slug if cooperative else 'nowhere'}.example"
    user = User.objects.create_user(email, "secret", first_name=str(role).title(), **fields)
    if cooperative:
        welcome(user, cooperative, role)
    return user
