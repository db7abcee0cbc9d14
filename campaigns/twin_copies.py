"""A campaign copied into the twin of its cooperative: both languages as they were last saved, with their pictures.

The copy has keys of its own, so that nothing of it refers to the terms of the real campaign. Its first day is today.
"""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import ForeignKey
from django.utils.translation import gettext
from wagtail.coreutils import find_available_slug
from wagtail.images import get_image_model
from wagtail.models import Locale, Page

from campaigns import groups, lifecycle, publishing
from campaigns.forms import NEEDED_BLOCKS
from campaigns.models import Campaign, CampaignPage
from home.cooperatives import twins
from home.file_copies import Shelf
from home.languages import LANGUAGES
from home.models import Cooperative, HomePage, TextPage, User
from home.tenancy import within

#: What Wagtail or a copy has of its own; every other field of the page is what the draft says.
OWN = {field.name for field in Page._meta.concrete_fields} - {"title", "slug", "seo_title", "search_description"}
NOT_COPIED = OWN | {"page_ptr", "end_date", "body"}


def drafts_of(page: CampaignPage) -> list[CampaignPage]:
    """The campaign as it was last saved: the source first, then its translation. In its cooperative's scope."""
    source = groups.source_of(page)
    twin = groups.twin_of(source)
    return [groups.latest(one) for one in (source, twin) if one is not None]


def missing(drafts: list[CampaignPage]) -> list[str]:
    """What the campaign needs before there is anything to try, as sentences."""
    source = drafts[0]
    kinds = {block.block_type for block in source.body}
    words = [] if source.goal is not None else [gettext("Set a goal.")]
    words += [str(said) for kind, said in NEEDED_BLOCKS.items() if kind not in kinds]
    if any(_has_gaps(draft) for draft in drafts):
        words.append(
            gettext("Something on the page is not filled in yet. Open it: what is missing is said at its place.")
        )
    return words


def _has_gaps(draft: CampaignPage) -> bool:
    """Drafts are saved before what is required in their blocks is there."""
    try:
        draft.body.stream_block.clean(draft.body)
    except ValidationError:
        return True
    return False


def copy_into(twin: Cooperative, drafts: list[CampaignPage], *, last_day: date, by: User) -> Campaign:
    """Copy, publish and launch, within the caller's transaction; the terms of the copy, live until that day's end.

    Raises ValidationError, with sentences, for a draft that could not be published as it is.
    """
    shelf = twins.shelf_of(twin)
    with within(twin):
        copies: list[CampaignPage] = []
        for draft in drafts:
            changes = _said(draft, shelf) | {"end_date": last_day}
            if copies:
                changes["translation_key"] = copies[0].translation_key
            copies.append(_copied(draft, _home_in(twin, draft.locale), changes, by))
        lifecycle.approve(publishing.found(copies[0]), by=by)
        for one in sorted(copies, key=lambda page: LANGUAGES.index(page.locale.language_code)):
            one.get_latest_revision().publish(user=by)
        publishing.project(CampaignPage.objects.get(pk=copies[0].pk))
        campaign = Campaign.objects.select_related("cooperative__site").get(translation_key=copies[0].translation_key)
        lifecycle.launch(campaign, by=by)
    return campaign


def copy_texts(real: Cooperative, twin: Cooperative, *, by: User) -> None:
    """The pages of text that the real cooperative shows, where the twin has none of that address yet."""
    keys: dict[Any, Any] = {}
    shelf = twins.shelf_of(twin)
    homes = HomePage.objects.filter(translation_key=real.site.root_page.translation_key)
    found = [text for home in homes for text in TextPage.objects.child_of(home).live().select_related("locale")]
    for text in sorted(found, key=lambda one: (LANGUAGES.index(one.locale.language_code), one.pk)):
        home = _home_in(twin, text.locale)
        known = TextPage.objects.child_of(home).filter(slug=text.slug).first()
        if known is None:
            changes: dict[str, Any] = {"body": shelf.with_copies(text.body.stream_block, list(text.body.raw_data))}
            if text.translation_key in keys:
                changes["translation_key"] = keys[text.translation_key]
            known = _copied(text, home, changes, by)
            known.get_latest_revision().publish(user=by)
        keys.setdefault(text.translation_key, known.translation_key)


def _home_in(twin: Cooperative, locale: Locale) -> HomePage:
    homes = HomePage.objects.filter(translation_key=twin.site.root_page.translation_key)
    home: HomePage = homes.get(locale=locale)
    return home


def _said(draft: CampaignPage, shelf: Shelf) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for field in CampaignPage._meta.concrete_fields:
        if field.name in NOT_COPIED:
            continue
        value = getattr(draft, field.name)
        if isinstance(field, ForeignKey) and field.related_model is get_image_model() and value is not None:
            pk = shelf.copy_of(get_image_model(), value.pk)
            value = get_image_model().objects.filter(pk=pk).first()
        changes[field.name] = value
    body = [dict(one) for one in draft.body.raw_data]
    return changes | {"draft_title": draft.title, "body": shelf.with_copies(draft.body.stream_block, body)}


def _copied(page: Any, parent: Page, changes: dict[str, Any], by: User) -> Any:
    """A draft below another home page, of nobody's history."""
    stored = type(page).objects.get(pk=page.pk)
    slug = find_available_slug(parent, changes.get("slug") or stored.slug)
    copied = stored.copy(
        to=parent,
        user=by,
        recursive=False,
        copy_revisions=False,
        keep_live=False,
        update_attrs=changes | {"slug": slug, "go_live_at": None, "expire_at": None, "owner": by},
    )
    return type(page).objects.get(pk=copied.pk)


def take_down(campaign: Campaign) -> None:
    """Nothing of it is public any more, nor of what stands below it. In its cooperative's scope."""
    for page in CampaignPage.objects.filter(translation_key=campaign.translation_key):
        for one in page.get_descendants(inclusive=True).live():
            one.specific.unpublish()
