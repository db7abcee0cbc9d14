"""The two languages of a page as one work: translate from the draft, see what is missing, publish both or neither.

wagtail-localize keeps the strings. Left alone it prepares a translation from what is online, saves translated drafts
over what is online, and publishes one language at a time; nothing here does.
"""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _
from wagtail.coreutils import find_available_slug
from wagtail.fields import StreamField
from wagtail.models import Locale, Page, Revision
from wagtail_localize.models import StringSegment, StringTranslation, Translation, TranslationLog, TranslationSource
from wagtail_localize.segments.extract import StreamFieldSegmentExtractor

from home.languages import ENGLISH, FRENCH
from home.models import User
from home.translation.passages import FOLLOWS, passages_of

_read_picture = StreamFieldSegmentExtractor.handle_image_block


def _read_picture_or_none(self: Any, block: Any, picture: Any, raw_value: Any = None) -> Any:
    """wagtail-localize stumbles over a picture that the stored content does not mention, as older content may not."""
    return _read_picture(self, block, picture, raw_value=raw_value or {})


StreamFieldSegmentExtractor.handle_image_block = _read_picture_or_none


class NothingPublished(ValidationError):
    """Both languages could not be published, so neither was. `page` is where what is missing can be seen to."""

    def __init__(self, why: str | ValidationError, page: Page) -> None:
        self.page = page
        super().__init__(why)


class EnglishIncomplete(NothingPublished):
    """Passages of the French draft are not in English yet; `missing` says how many, 0 where there is no page."""

    def __init__(self, missing: int, page: Page) -> None:
        self.missing = missing
        super().__init__(_("English is not complete; nothing was published."), page)


def english_of(page: Page) -> Page | None:
    """The English page of the same translation group, as its own type."""
    group = type(page)._default_manager.filter(translation_key=page.translation_key)
    english: Page | None = group.filter(locale__language_code=ENGLISH).select_related("locale").first()
    return english


def french_of(page: Page) -> Page | None:
    """The French page of the same translation group, as its own type."""
    if page.locale.language_code == FRENCH:
        return page
    group = type(page)._default_manager.filter(translation_key=page.translation_key)
    french: Page | None = group.filter(locale__language_code=FRENCH).select_related("locale").first()
    return french


def translation_of(page: Page) -> Translation | None:
    """What wagtail-localize knows of the page's translation into English; None where that page is kept by hand."""
    known = Translation.objects.filter(source__object_id=page.translation_key, source__locale__language_code=FRENCH)
    return known.filter(target_locale__language_code=ENGLISH, enabled=True).select_related("source").first()


# ------------------------------------------------------------------ translating


@transaction.atomic
def open_translation(french: Page, user: User | None) -> Page:
    """The English page, ready to be translated from the latest French draft.

    Made as a draft where there is none, below an English parent made likewise. Nothing online changes.
    """
    english = english_of(french)
    if english is not None and translation_of(french) is None:
        return english  # kept by hand
    source = _in_step(french)
    locale = Locale.objects.get(language_code=ENGLISH)
    translation, _created = Translation.objects.get_or_create(source=source, target_locale=locale)
    if english is None:
        _translated_parent(french, user)
        french.copy_for_translation(locale)
        english = source.get_ephemeral_translated_instance(locale, fallback=True)
        english.save_revision(user=user, clean=False)
    propose_slug(translation, english)
    return english


def _translated_parent(french: Page, user: User | None) -> None:
    parent = french.get_parent().specific
    if not parent.is_root() and english_of(parent) is None:
        open_translation(parent, user)


def _in_step(french: Page) -> TranslationSource:
    """wagtail-localize's source of strings, brought in step with the latest draft."""
    source, _created = TranslationSource.update_or_create_from_instance(french.get_latest_revision_as_object())
    return source


def propose_slug(translation: Translation, english: Page) -> None:
    """The address follows from the English title, until someone writes another or the page has been online."""
    texts = translated(translation)
    known = texts.filter(context__path=FOLLOWS)
    title = texts.filter(context__path="title").first()
    segment = StringSegment.objects.filter(source=translation.source, context__path=FOLLOWS).first()
    if segment is None or title is None or known.filter(translation_of=segment.string).exists():
        return
    kept = known.order_by("-updated_at").first()
    wanted = kept.data if kept else english.slug if english.first_published_at else slugify(title.data)
    slug = find_available_slug(english.get_parent(), wanted or english.slug, ignore_page_id=english.pk)
    StringTranslation.objects.create(
        translation_of=segment.string,
        context=segment.context,
        locale=translation.target_locale,
        data=slug,
        translation_type=StringTranslation.TRANSLATION_TYPE_MACHINE,
    )


def translated(translation: Translation) -> "QuerySet[StringTranslation]":
    """The strings of a page that are in English, also those that its source no longer has."""
    return StringTranslation.objects.filter(
        context__object_id=translation.source.object_id, locale=translation.target_locale, has_error=False
    )


def missing_in(french: Page, english: Page) -> int:
    """How many passages of the latest French draft are not in English.

    Of an English page kept by hand, only those whose place is empty can be told.
    """
    draft = french.get_latest_revision_as_object()
    wanted = passages_of(type(draft), draft.serializable_data())
    translation = translation_of(french)
    if translation is None:
        own = english.get_latest_revision_as_object()
        filled = {path for path, _text in passages_of(type(own), own.serializable_data())}
        return len([path for path, _text in wanted if path not in filled])
    done = set(translated(translation).values_list("context__path", "translation_of__data"))
    return len([passage for passage in wanted if passage not in done])


# ------------------------------------------------------------------ publishing


def publish_both(page: Page, user: User | None) -> None:
    """Publish the latest French draft and its English in one transaction: both go online, or neither does.

    `page` is either of the two; without a user it is the clock that asks. Raises PermissionDenied without the right to
    publish both, EnglishIncomplete, and NothingPublished with the reasons of either page.
    """
    french = french_of(page.specific)
    if french is None:
        raise NothingPublished(_("The French page is missing."), page)
    english = english_of(french)
    for one in filter(None, (french, english)):
        if user is not None and not one.permissions_for_user(user).can_publish():
            raise PermissionDenied
    if english is None:
        raise EnglishIncomplete(0, french)
    draft = french.get_latest_revision_as_object()
    _refuse_faults(draft)
    if translation_of(french) is not None:
        open_translation(french, user)
    if missing := missing_in(french, english):
        raise EnglishIncomplete(missing, english)
    with transaction.atomic():
        _publish(_latest(draft, user), french, user)
        _publish(_english_revision(french, english, draft, user), english, user)


def publish_english(french: Page, english: Page, user: User | None) -> None:
    """Publish the English of a French page that is online already, as it stands there. Raises NothingPublished."""
    if french.has_unpublished_changes:
        raise NothingPublished(
            _("The French page has changes that are not public. Publish both languages first."), french
        )
    if missing := missing_in(french, english):
        raise EnglishIncomplete(missing, english)
    _publish(_english_revision(french, english, french, user), english, user)


def _publish(revision: Revision, page: Page, user: User | None) -> None:
    try:
        revision.publish(user=user)
    except ValidationError as error:
        raise NothingPublished(error, page) from error


def _latest(draft: Page, user: User | None) -> Revision:
    if draft.latest_revision is not None and draft.has_unpublished_changes:
        return draft.latest_revision
    return draft.save_revision(user=user)


def _english_revision(french: Page, english: Page, draft: Page, user: User | None) -> Revision:
    """A new revision of the English page: French structure and figures, English words."""
    translation = translation_of(french)
    if translation is None:
        fresh = english.get_latest_revision_as_object()
    else:
        fresh = translation.source.get_ephemeral_translated_instance(translation.target_locale)
    fresh.slug = find_available_slug(fresh.get_parent(), slugify(fresh.slug), ignore_page_id=fresh.pk)
    fresh.go_live_at, fresh.expire_at = draft.go_live_at, draft.expire_at
    _refuse_faults(fresh)
    revision = fresh.save_revision(user=user)
    if translation is not None:
        translation.source.sync_view_restrictions(draft, english)
        TranslationLog.objects.create(source=translation.source, locale=translation.target_locale, revision=revision)
    return revision


def _refuse_faults(page: Page) -> None:
    """Everything that the editor's form would ask of a page to be published, for a draft that it saved."""
    faults: dict[str, Any] = {}
    if refusal := page.refusal_to_publish() if page.locale.language_code == FRENCH else None:
        faults[NON_FIELD_ERRORS] = [refusal]
    if said := page.faults_to_publish():
        faults.setdefault(NON_FIELD_ERRORS, []).extend(said)
    try:
        page.full_clean()
    except ValidationError as error:
        faults |= {_label(page, name): messages for name, messages in error.message_dict.items()}
    for field in page._meta.get_fields():
        if isinstance(field, StreamField) and not _is_sound(field, page):
            faults.setdefault(_label(page, field.name), []).append(_("Something required is missing in a block."))
    if faults:
        raise NothingPublished(_sentence(faults), page)


def _is_sound(field: StreamField, page: Page) -> bool:
    try:
        field.stream_block.clean(field.value_from_object(page))
    except ValidationError:
        return False
    return True


def _label(page: Page, name: str) -> str:
    return name if name == NON_FIELD_ERRORS else str(page._meta.get_field(name).verbose_name)


def _sentence(faults: dict[str, list[str]]) -> str:
    said = [" ".join(faults.pop(NON_FIELD_ERRORS, []))]
    said += [
        _("%(field)s: %(fault)s") % {"field": f"{label[:1].upper()}{label[1:]}", "fault": " ".join(messages)}
        for label, messages in faults.items()
    ]
    return " ".join(filter(None, said))
