"""Links that show a draft to someone without an account: a reviewer, a partner, a cousin who reads well.

The dossier's `preview_generation` says which links open: odd, those of that number; even, none. Making and revoking
raise it by one, so that an older link never opens again.
"""

from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from campaigns.models import CampaignPage, Dossier
from home import clock, links
from home.languages import LANGUAGES
from home.models import Cooperative

PURPOSE = "preview"
LASTS = timedelta(days=14)
REFUSED = _("This preview link no longer works: it has expired or was revoked.")


def is_out(dossier: Dossier | None) -> bool:
    return dossier is not None and dossier.preview_generation % 2 == 1


def dossier_of(page: CampaignPage) -> Dossier | None:
    return Dossier.objects.filter(translation_key=page.translation_key).first()


def make(page: CampaignPage, cooperative: Cooperative) -> None:
    """From now on a link opens the drafts of this campaign; one that already does is kept."""
    Dossier.objects.get_or_create(
        translation_key=page.translation_key, defaults={"cooperative": cooperative, "created_at": clock.now()}
    )
    _raise(page, was=0)


def revoke(page: CampaignPage) -> None:
    """From now on every link made so far opens nothing."""
    _raise(page, was=1)


def _raise(page: CampaignPage, *, was: int) -> None:
    mine = Dossier.objects.filter(translation_key=page.translation_key).annotate(odd=F("preview_generation") % 2)
    mine.filter(odd=was).update(preview_generation=F("preview_generation") + 1)


def token_of(dossier: Dossier) -> str:
    return links.sign(PURPOSE, str(dossier.translation_key), lasts=LASTS, generation=dossier.preview_generation)


def urls_of(dossier: Dossier) -> dict[str, str]:
    """The absolute address of the preview, by language."""
    token, root = token_of(dossier), dossier.cooperative.root_url
    found = {}
    for language in LANGUAGES:
        with translation.override(language):
            found[language] = root + reverse("campaign_preview", args=[token])
    return found


def pages_of(token: str) -> dict[str, CampaignPage]:
    """The pages a link opens, by language, as last published. Raises LinkRefused where it opens nothing here."""
    link = links.read(PURPOSE, token)
    dossier = Dossier.objects.filter(translation_key=_key(link.subject), preview_generation=link.generation).first()
    if dossier is None or not is_out(dossier):
        raise links.LinkRefused
    pages = CampaignPage.objects.filter(translation_key=dossier.translation_key, alias_of=None)
    return {page.locale.language_code: page for page in pages.select_related("locale")}


def _key(subject: str) -> UUID:
    try:
        return UUID(subject)
    except (ValueError, AttributeError, TypeError) as error:
        raise links.LinkRefused from error
