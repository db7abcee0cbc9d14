"""Two cooperatives full of everything the product knows, each of one word. The rows of a house are known by being new.

A model that nobody makes a row of here gets one by itself, where that is possible; `UNMADE` names the others and why.
Every text of the other house then says the canary word, whatever the model: a new column is covered by itself.
"""

import contextlib
import re
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import DatabaseError, models, transaction
from django.test import RequestFactory
from wagtail.admin.models import EditingSession
from wagtail.contrib.redirects.models import Redirect
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.log_actions import log
from wagtail.models import (
    Collection,
    CollectionViewRestriction,
    Comment,
    CommentReply,
    GroupApprovalTask,
    Locale,
    Page,
    PageSubscription,
    PageViewRestriction,
    Revision,
    UploadedFile,
    Workflow,
    WorkflowTask,
)
from wagtail_localize.models import (
    OverridableSegment,
    StringSegment,
    StringTranslation,
    Translation,
    TranslationLog,
    TranslationSource,
)

from campaigns import reviewing
from campaigns.models import Reward
from campaigns.sharing import preview_links
from home import audit, clock
from home.cooperatives import legal_texts
from home.models import Cooperative, Crossing, HomePage, Role, TextPage, User
from home.people import inviting, switching
from home.tenancy import across_cooperatives, within
from pledges.enums import ProblemKind
from pledges.models import DatePromise, DeliveryAddress, Problem, SurveyAnswer, SurveyReply
from tests.factories.campaigns import make_campaign_page
from tests.factories.cooperatives import make_user
from tests.factories.surveys import make_survey
from tests.test_isolation import House, make_house

OURS, THEIRS = "Xenops", "Zyzomys"
#: In both houses: what is searched for. An answer that repeats the question says no canary word.
COMMON = "Marmotte"

CANARY = re.compile(rb"zyzomys", re.IGNORECASE)

ROLES = [Role.EDITOR, Role.ADVISER, Role.TREASURER, Role.OWNER]

#: Columns that are read by machines; a word there would only break the house.
MACHINE = re.compile(
    r"(^|_)(id|slug|path|contentpath|password|language|currency|key|kind|act|occasion|account|codename|hash|token|country|version"
    r"|code|codes|model|label|state|zone|interval|hostname|schema|topic|batch|number|last4|month|method|period|class"
    r"|spec|format|type|field|status|subject|permission|purpose|reason|intent|charge|session|refund|dispute|payout"
    r"|warning|transaction|source|customer|setup|event|prefix|theme|contrast|density|display|action)$"
)
#: Rows of everyone, or of the machine.
NOT_OF_A_HOUSE = {
    "contenttypes.ContentType",
    "auth.Permission",
    "sessions.Session",
    "wagtailcore.ReferenceIndex",
    "wagtailsearch.IndexEntry",
    "wagtailsearch.SQLiteFTSIndexEntry",
    "wagtailcore.Locale",
    "home.PeriodicJob",
    "home.Heartbeat",
    "home.Restoration",
    "home.RetentionRun",
    "pledges.RateBucket",
    "pledges.TaxRate",
    "django_tasks_database.DBTaskResult",
}
#: Models of a cooperative that have no row in the houses, and why that is no matter.
UNMADE: dict[str, str] = {}


@dataclass
class Inhabited:
    """A house and all its rows: {model: [primary keys]}."""

    house: House
    word: str
    rows: dict[type[models.Model], list[Any]] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def cooperative(self) -> Cooperative:
        return self.house.cooperative

    @property
    def host(self) -> str:
        return self.cooperative.site.hostname

    def ids(self, model: type[models.Model] | str) -> list[Any]:
        """Primary keys of its rows of a model; raises LookupError where there is none."""
        model = apps.get_model(model) if isinstance(model, str) else model
        if not self.rows.get(model):
            raise LookupError(f"The house {self.word} has no {model._meta.label}: make one in tests/canary/houses.py.")
        return self.rows[model]

    def first(self, model: type[models.Model] | str) -> Any:
        return self.ids(model)[0]


def tracked_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.label not in NOT_OF_A_HOUSE and not model._meta.proxy]


def keys_of(model: type[models.Model]) -> list[Any]:
    with across_cooperatives():
        return list(model._base_manager.order_by("pk").values_list("pk", flat=True))


def build() -> tuple[Inhabited, Inhabited]:
    """Ours, and theirs: not on the discovery page, and full of the canary word."""
    ours = inhabit("xenops", OURS)
    theirs = inhabit("zyzomys", THEIRS)
    with across_cooperatives():
        ours.cooperative.__class__.objects.filter(pk=ours.cooperative.pk).update(listed=True)
        fill_with(theirs)
        call_command("update_index", verbosity=0, stdout=StringIO())
    return ours, theirs


def inhabit(slug: str, word: str) -> Inhabited:
    before = {model: set(keys_of(model)) for model in tracked_models()}
    house = make_house(slug, f"{COMMON}-{word}")
    inhabited = Inhabited(house, word)
    inhabited.people = {
        role.value: make_user(house.cooperative, role, f"{role}.{slug}@{slug}.example", last_name=word)
        for role in ROLES
    }
    with within(house.cooperative):
        furnish(inhabited)
    take_stock(inhabited, before)
    make_what_lacks(inhabited)
    take_stock(inhabited, before)
    return inhabited


def take_stock(inhabited: Inhabited, before: dict[type[models.Model], set[Any]]) -> None:
    inhabited.rows = {model: [pk for pk in keys_of(model) if pk not in before[model]] for model in before}


def furnish(inhabited: Inhabited) -> None:
    """What a house of tests.test_isolation lacks: Wagtail's and wagtail-localize's rows, a dossier, what is asked."""
    house, word = inhabited.house, inhabited.word
    cooperative, owner, editor = house.cooperative, inhabited.people["owner"], inhabited.people["editor"]
    text = _text_page(cooperative, f"{COMMON} {word}", owner)
    draft = make_campaign_page(cooperative, title=f"{COMMON} {word} brouillon", publish=False, owner=editor)
    draft.save_revision(user=editor)
    reviewing.submit(type(draft).objects.get(pk=draft.pk), by=editor)
    inhabited.made |= {"text": text, "draft": draft}
    _translated(inhabited, text)
    _commented(inhabited, text)
    _moderated(inhabited, text)
    _restricted(inhabited, text)
    _asked(inhabited)
    Redirect.objects.create(old_path=f"/{word.lower()}", site=cooperative.site, redirect_page=text)
    for model in (Image, Document):
        UploadedFile.objects.create(
            for_content_type=ContentType.objects.get_for_model(model),
            file=ContentFile(b"x", f"{word}.txt"),
            uploaded_by_user=owner,
        )
    preview_links.make(draft, cooperative)
    log(instance=cooperative.site.brand, action="wagtail.edit", user=owner, title=f"{COMMON} {word}")
    EditingSession.objects.create(
        user=owner, content_type=ContentType.objects.get_for_model(text), object_id=text.pk, last_seen_at=clock.now()
    )
    _on_the_way(inhabited)
    legal_texts.write_all(cooperative, legal_texts.words_for(None))
    house.image.get_rendition("max-100x100")
    for act in audit.acts():
        audit.record(act, cooperative=cooperative, by=owner)


def _on_the_way(inhabited: Inhabited) -> None:
    """Someone invited, someone who comes from another host, and a passkey."""
    cooperative, owner = inhabited.cooperative, inhabited.people["owner"]
    inviting.invite(cooperative, f"nouvelle@{cooperative.slug}.example", Role.EDITOR, owner)
    request = RequestFactory().post("/")
    editor = inhabited.people["editor"]
    request.user, request.session = editor, {HASH_SESSION_KEY: editor.get_session_auth_hash()}
    inhabited.made["crossing"] = switching.way_to(request, cooperative, "/admin/").rstrip("/").rsplit("/", 1)[1]
    Crossing.objects.update(expires_at=clock.now() + timedelta(days=1))
    Authenticator.objects.create(
        user=inhabited.house.owner, type=Authenticator.Type.WEBAUTHN, data={"name": inhabited.word, "credential": {}}
    )


def _text_page(cooperative: Cooperative, title: str, by: User) -> TextPage:
    page = TextPage(
        title=title, slug=f"texte-{cooperative.pk}", locale=Locale.objects.get(language_code="fr"), owner=by
    )
    page = HomePage.objects.get(pk=cooperative.site.root_page_id).add_child(instance=page)
    page.save_revision(user=by, log_action=True).publish(user=by)
    return page


def _translated(inhabited: Inhabited, page: Page) -> None:
    source, _created = TranslationSource.update_or_create_from_instance(page)
    english = Locale.objects.get(language_code="en")
    translation = Translation.objects.create(source=source, target_locale=english)
    translation.save_target(publish=False)
    for segment in StringSegment.objects.filter(source=source):
        StringTranslation.objects.create(
            translation_of=segment.string, locale=english, context=segment.context, data=inhabited.word
        )
    TranslationLog.objects.create(source=source, locale=english)
    OverridableSegment.objects.create(source=source, context=segment.context, order=9, data_json=f'"{inhabited.word}"')
    inhabited.made |= {"source": source, "translation": translation}


def _commented(inhabited: Inhabited, page: Page) -> None:
    owner, word = inhabited.people["owner"], inhabited.word
    comment = Comment.objects.create(page=page, user=owner, text=word, contentpath="title")
    CommentReply.objects.create(comment=comment, user=owner, text=word)
    PageSubscription.objects.create(page=page, user=owner, comment_notifications=True)


def _moderated(inhabited: Inhabited, page: TextPage) -> None:
    """A workflow of Wagtail's own kind, in which the page waits; its revision is scheduled."""
    owner, name = inhabited.people["owner"], f"{COMMON} {inhabited.word}"
    workflow = Workflow.objects.create(name=name)
    task = GroupApprovalTask.objects.create(name=name)
    task.groups.set(owner.groups.all())
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    page.save_revision(user=owner)
    state = workflow.start(TextPage.objects.get(pk=page.pk), owner)
    Revision.objects.filter(pk=page.latest_revision_id).update(approved_go_live_at=clock.now() + timedelta(days=9))
    inhabited.made |= {"workflow": workflow, "task": task, "workflow_state": state}


def _restricted(inhabited: Inhabited, page: Page) -> None:
    collection = Collection.objects.get(name=inhabited.cooperative.name)
    private = collection.add_child(name=f"{COMMON} {inhabited.word}, privé")
    inhabited.made["private"] = Document.objects.create(
        title=f"{COMMON} {inhabited.word}", file=ContentFile(inhabited.word.encode(), "secret.txt"), collection=private
    )
    CollectionViewRestriction.objects.create(collection=private, restriction_type="login")
    page = inhabited.house.draft
    PageViewRestriction.objects.create(page=page, restriction_type="password", password=inhabited.word)


def _asked(inhabited: Inhabited) -> None:
    """Of backers: a survey with its answers, an address, a problem, a promise of another month."""
    house, word, now = inhabited.house, inhabited.word, clock.now()
    cooperative, item = house.cooperative, house.item
    survey = make_survey(Reward.objects.get(pk=house.reward.pk), asks_address=True, opened=True)
    reply = SurveyReply.objects.create(
        cooperative=cooperative, survey=survey, item=item, language="fr", **_moments(SurveyReply, now)
    )
    for question in survey.questions.all():
        SurveyAnswer.objects.create(reply=reply, question=question, number=1, text=word)
    if not DeliveryAddress.objects.filter(pledge=house.pledge).exists():
        DeliveryAddress.objects.create(
            cooperative=cooperative,
            pledge=house.pledge,
            **dict.fromkeys(("recipient", "line1", "city"), word),
            country="CA",
            **_moments(DeliveryAddress, now),
        )
    Problem.objects.create(
        cooperative=cooperative, item=item, kind=next(iter(ProblemKind)), text=word, **_moments(Problem, now)
    )
    DatePromise.objects.create(
        cooperative=cooperative, item=item, month=item.first_month + timedelta(days=93), **_moments(DatePromise, now)
    )


def _moments(model: type[models.Model], now: Any) -> dict[str, Any]:
    """The instants that a row cannot be without."""
    return {
        one.name: now
        for one in model._meta.concrete_fields
        if isinstance(one, models.DateTimeField) and not one.null and not one.has_default() and not one.auto_now_add
    }


def make_what_lacks(inhabited: Inhabited) -> None:
    """One row of each model with a cooperative that has none: required columns filled, what it refers to is ours."""
    for _again in range(2):
        for model in tracked_models():
            if model._meta.app_label in {"home", "campaigns", "pledges", "updates"} and not inhabited.rows[model]:
                with contextlib.suppress(DatabaseError, LookupError, TypeError, ValueError), transaction.atomic():
                    with across_cooperatives():
                        row = model(**_plausible(inhabited, model))
                        models.Model.save(row, force_insert=True)
                    inhabited.rows[model] = [row.pk]


def _plausible(inhabited: Inhabited, model: type[models.Model]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for one in model._meta.concrete_fields:
        if (one.primary_key and not one.is_relation) or (one.has_default() and not one.is_relation):
            continue
        if one.is_relation:
            if one.remote_field.model is Cooperative:
                values[one.attname] = inhabited.cooperative.pk
            elif one.remote_field.model is Locale:
                values[one.attname] = Locale.objects.get(language_code="fr").pk
            elif not one.null or inhabited.rows.get(one.remote_field.model):
                values[one.attname] = inhabited.ids(one.remote_field.model)[-1]
        elif one.choices:
            values[one.name] = one.choices[0][0]
        elif isinstance(one, models.DateTimeField):
            values[one.name] = clock.now()
        elif isinstance(one, models.DateField):
            values[one.name] = clock.now().date()
        elif isinstance(one, models.UUIDField):
            values[one.name] = uuid.uuid4()
        elif isinstance(one, models.BooleanField):
            values[one.name] = False
        elif isinstance(one, models.IntegerField):
            values[one.name] = 1
        elif isinstance(one, models.EmailField):
            values[one.name] = f"{inhabited.word}@{inhabited.word}.example".lower()
        elif isinstance(one, (models.CharField, models.TextField)):
            values[one.name] = f"{inhabited.word}"[: one.max_length]
    return values


def fill_with(inhabited: Inhabited) -> None:
    """Every text of the house's rows says its word. Rows that nothing may change keep what they say."""
    for model, keys in inhabited.rows.items():
        for one in model._meta.local_concrete_fields:
            if not keys or not _is_text_for_people(one):
                continue
            with contextlib.suppress(DatabaseError), transaction.atomic():
                _fill(model, keys, one, inhabited.word)


def _is_text_for_people(one: models.Field) -> bool:
    texts = (models.CharField, models.TextField)
    if not isinstance(one, texts) or one.choices or one.primary_key or MACHINE.search(one.name):
        return False
    return (one.max_length or 100) >= 20 and type(one).__name__ not in {"StreamField", "BodyField"}


def _fill(model: type[models.Model], keys: list[Any], one: models.Field, word: str) -> None:
    for pk, was in model._base_manager.filter(pk__in=keys).values_list("pk", one.attname):
        if word.lower() in str(was or "").lower():
            continue
        if isinstance(one, models.EmailField):
            text = f"{word.lower()}{pk}@{word.lower()}.example"
        elif isinstance(one, models.URLField):
            text = f"https://{word.lower()}.example/{pk}"
        else:
            text = f"{COMMON} {word} {pk}" if one.unique or one.name == "name" else f"{COMMON} {word}"
        model._base_manager.filter(pk=pk).update(**{one.attname: text[: one.max_length]})


def unmade(inhabited: Inhabited) -> list[str]:
    """Models of a cooperative that have no row in the house."""
    return sorted(
        model._meta.label
        for model, keys in inhabited.rows.items()
        if not keys and any(one.is_relation and one.remote_field.model is Cooperative for one in model._meta.fields)
    )


def by_table(inhabited: Inhabited) -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in inhabited.rows}


def state_of(inhabited: Inhabited, tables: set[str] | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the house as the database has them; of some tables, or of all."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with across_cooperatives():
        for model, keys in inhabited.rows.items():
            if keys and (tables is None or model._meta.db_table in tables):
                fields = [one.attname for one in model._meta.local_concrete_fields]
                rows = model._base_manager.filter(pk__in=keys).order_by("pk").values_list(*fields)
                found[model._meta.label] = list(rows)
    return found


def strangers_that_refer(inhabited: Inhabited, tables: set[str] | None = None) -> dict[str, set[Any]]:
    """Rows that are not of the house and refer to one of it, by a column of their own."""
    found: dict[str, set[Any]] = defaultdict(set)
    with across_cooperatives():
        for model, keys in inhabited.rows.items():
            if tables is not None and model._meta.db_table not in tables:
                continue
            for one in model._meta.local_concrete_fields:
                target = one.remote_field.model if one.is_relation and one.remote_field else None
                wanted = inhabited.rows.get(target) if target else None
                if not wanted or one.primary_key:
                    continue
                rows = model._base_manager.filter(**{f"{one.attname}__in": wanted}).exclude(pk__in=keys)
                found[f"{model._meta.label}.{one.name}"] |= set(rows.values_list("pk", flat=True))
    return {name: keys for name, keys in found.items() if keys}
