"""Every address that the resolvers know, in both languages, and what its arguments are filled with out of a house.

A new route is found by itself. Its arguments are filled by their names: `FILLERS` for one route, `BY_NAME` for all. A
route with an argument that neither knows raises `Unfilled`, which says what to add and where.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import quote

from django.core import signing
from django.urls import get_resolver
from django.urls.resolvers import LocalePrefixPattern, URLResolver
from django.utils import translation
from django.utils.regex_helper import normalize
from wagtail.models import Page

from campaigns.models import Dossier
from campaigns.sharing import preview_links
from home import links
from home.brand import previews as brand_previews
from home.mail import sender_verifying, unsubscribing
from home.models import Backer, Invitation
from home.people import inviting
from home.tenancy import within
from pledges import continuing, data_links, email_changes, subscribing
from pledges.data_links import Act
from pledges.links import contribution_token
from pledges.models import EmailChange, Payment, Pledge
from tests.canary.houses import Inhabited
from updates import reading

#: Addresses a route is asked at with more than one candidate for an argument.
MOST_WAYS = 4


class Unfilled(LookupError):
    """A route has an argument that nothing fills."""


@dataclass(frozen=True)
class Route:
    """One pattern of the resolver: its regular expression, and where it leads."""

    language: str
    regex: str
    namespace: str
    name: str | None
    module: str

    @property
    def key(self) -> str:
        """What `FILLERS` and the lists of exceptions call it."""
        name = self.name or self.regex.replace("\\Z", "").replace("^", "")
        return f"{self.namespace}:{name}" if self.namespace else name

    @property
    def shape(self) -> tuple[str, list[str]]:
        """The path with its arguments as `%(name)s`, and their names."""
        path, names = normalize(self.regex)[-1]
        return "/" + path, names

    @property
    def is_admin(self) -> bool:
        return self.shape[0].startswith("/admin/")


def walk(urlconf: str = "config.urls", languages: tuple[str, ...] = ("fr", "en")) -> list[Route]:
    """Every pattern once; those under a language's prefix, once in each language."""
    found: dict[tuple[str, str, str | None], Route] = {}
    for language in languages:
        with translation.override(language):
            for regex, namespaces, pattern in _patterns(get_resolver(urlconf).url_patterns):
                view = pattern.callback
                module = getattr(getattr(view, "view_class", view), "__module__", "")
                route = Route(language, regex, ":".join(namespaces), pattern.name, module)
                found.setdefault((regex, route.namespace, route.name), route)
    return list(found.values())


def _patterns(patterns: Any, prefix: str = "", namespaces: tuple[str, ...] = ()) -> Iterator[tuple[str, Any, Any]]:
    for one in patterns:
        piece = (
            re.escape(one.pattern.language_prefix)
            if isinstance(one.pattern, LocalePrefixPattern)
            else (one.pattern.regex.pattern.removeprefix("^"))
        )
        if isinstance(one, URLResolver):
            inner = (*namespaces, one.namespace) if one.namespace else namespaces
            yield from _patterns(one.url_patterns, prefix + piece, inner)
        else:
            yield prefix + piece, namespaces, one


Filler = Callable[[Inhabited], list[Any]]


def rows(label: str) -> Filler:
    """Up to two rows of a model: the house's first and its last."""
    return lambda house: list(dict.fromkeys([house.ids(label)[0], house.ids(label)[-1]]))


def words(*some: Any) -> Filler:
    return lambda house: list(some)


def pages(house: Inhabited) -> list[int]:
    """A campaign online, one in review, an update in draft, a text; their home pages."""
    home = house.cooperative.site.root_page_id
    twin = Page.objects.get(translation_key=house.made["text"].translation_key, locale__language_code="en")
    return [
        house.house.campaign_page.pk,
        house.made["draft"].pk,
        house.house.page.pk,
        house.made["text"].pk,
        twin.pk,
        home,
    ]


def parents(house: Inhabited) -> list[int]:
    return [house.cooperative.site.root_page_id, house.house.campaign_page.pk]


def text_page(house: Inhabited) -> list[int]:
    return [house.made["text"].pk]


def tokens(house: Inhabited) -> list[str]:
    """Links to contributions: paid, and to be mended."""
    with within(house.cooperative):
        return [contribution_token(Pledge.objects.get(pk=one.pk)) for one in (house.house.pledge, house.house.mending)]


def signed(purpose: str, subject: Callable[[Inhabited], str]) -> Filler:
    def fill(house: Inhabited) -> list[str]:
        with within(house.cooperative):
            return [links.sign(purpose, subject(house), lasts=unsubscribing.LASTS)]

    return fill


def _topic(house: Inhabited) -> str:
    return f"{house.house.pledge.backer_id}:{house.house.campaign.translation_key}"


def _news(house: Inhabited) -> str:
    return f"{house.house.pledge.backer_id}:{house.house.campaign.pk}:fr"


def previews(house: Inhabited) -> list[str]:
    with within(house.cooperative):
        return [preview_links.token_of(Dossier.objects.get(translation_key=house.made["draft"].translation_key))]


def update_token(house: Inhabited) -> list[str]:
    with within(house.cooperative):
        return [reading.token_for(house.house.told, Backer.objects.get(pk=house.house.pledge.backer_id))]


def change_token(purpose: str) -> Filler:
    return signed(purpose, lambda house: str(house.first(EmailChange)))


def revisions(house: Inhabited) -> list[int]:
    return [Page.objects.get(pk=one).latest_revision_id for one in text_page(house)]


def task_state(house: Inhabited) -> list[int]:
    return [house.made["workflow_state"].current_task_state_id]


def path_of_pages(house: Inhabited) -> list[str]:
    paths = (house.house.campaign_page.url_path, house.made["text"].url_path)
    return [path.split("/", 2)[2] for path in paths]


def document_names(house: Inhabited) -> list[str]:
    return [house.house.document.filename]


def payments(house: Inhabited) -> list[int]:
    with within(house.cooperative):
        return [Payment.objects.filter(pledge=house.house.pledge).first().pk, *rows("pledges.Payment")(house)[-1:]]


def team(house: Inhabited) -> list[int]:
    return [house.people[role].pk for role in ("editor", "owner")]


def invitations(house: Inhabited) -> list[str]:
    with within(house.cooperative):
        waiting = Invitation.objects.get(pk=house.first("home.Invitation"))
        return [links.sign(inviting.PURPOSE, str(waiting.pk), lasts=inviting.LASTS, generation=waiting.generation)]


def colours_on_trial(house: Inhabited) -> list[str]:
    colours = {name: getattr(house.cooperative.site.brand, name) for name in brand_previews.COLOURS}
    return [signing.dumps(colours, salt=brand_previews.SALT, compress=True)]


#: How arguments are called, and what they are.
BY_NAME: dict[str, Filler] = {
    "page_id": pages,
    "parent_page_id": parents,
    "page_to_move_id": pages,
    "destination_id": parents,
    "page_pk": text_page,
    "campaign_id": lambda house: [house.house.campaign.pk],
    "reward_id": rows("campaigns.Reward"),
    "ambassador_id": rows("campaigns.Ambassador"),
    "pledge_id": lambda house: [house.house.pledge.pk, house.house.money.awaited.pk],
    "payment_id": payments,
    "item_id": lambda house: [house.house.item.pk],
    "promise_id": rows("pledges.DatePromise"),
    "refund_id": rows("pledges.Refund"),
    "request_id": rows("pledges.RefundRequest"),
    "problem_id": rows("pledges.Problem"),
    "survey_id": rows("pledges.Survey"),
    "payout_id": rows("pledges.Payout"),
    "registration_id": rows("pledges.TaxRegistration"),
    "backer_id": lambda house: [house.house.pledge.backer_id],
    "mailing_id": rows("updates.Mailing"),
    "mail_id": rows("home.OutgoingMail"),
    "image_id": rows("wagtailimages.Image"),
    "document_id": rows("wagtaildocs.Document"),
    "doc_id": rows("wagtaildocs.Document"),
    "media_id": rows("wagtailmedia.Media"),
    "collection_id": rows("wagtailcore.Collection"),
    "redirect_id": rows("wagtailredirects.Redirect"),
    "workflow_pk": lambda house: [house.made["workflow"].pk],
    "workflow_state_id": lambda house: [house.made["workflow_state"].pk],
    "task_id": lambda house: [house.made["task"].pk],
    "task_state_id": task_state,
    "revision_id": revisions,
    "translation_source_id": rows("wagtail_localize.TranslationSource"),
    "translation_id": rows("wagtail_localize.Translation"),
    "string_segment_id": rows("wagtail_localize.StringSegment"),
    "overridable_segment_id": rows("wagtail_localize.OverridableSegment"),
    "restriction_id": rows("wagtailcore.CollectionViewRestriction"),
    "page_view_restriction_id": rows("wagtailcore.PageViewRestriction"),
    "session_id": rows("wagtailadmin.EditingSession"),
    "site_id": rows("wagtailcore.Site"),
    "user_id": team,
    "invitation_id": rows("home.Invitation"),
    "incident_id": rows("home.Incident"),
    "cooperative_id": lambda house: [house.cooperative.pk],
    "token": tokens,
    "language": words("fr"),
    "part": words("html"),
    "kind": words("news", "delay"),
    "group": words("failed"),
    "occasion": words("thanks"),
    "number": words(1),
    "version": words(1),
    "media_type": words("video"),
    "size": words(32),
    "filter_spec": words("max-100x100"),
    "mode": words("default"),
    "action": words("delete", "publish", "unpublish", "move", "add_to_collection", "add_tags"),
    "action_name": words("approve"),
    "uidb64": words("MQ"),
    "path": lambda house: [house.house.image.file.name, house.made["private"].file.name],
}
#: What one route alone means by the name of an argument: {(route, argument): filler}.
FILLERS: dict[tuple[str, str], Filler] = {
    ("wagtailadmin_api:pages:detail", "pk"): pages,
    ("wagtailadmin_api:pages:action", "pk"): pages,
    ("wagtailadmin_api:pages:action", "action_name"): words("publish", "copy", "delete", "move"),
    ("wagtailadmin_api:documents:detail", "pk"): rows("wagtaildocs.Document"),
    ("wagtailadmin_api:images:detail", "pk"): rows("wagtailimages.Image"),
    ("wagtailadmin_pages:revisions_compare", "pk"): text_page,
    ("wagtailadmin_pages:revisions_compare", "revision_id_a"): words("earliest"),
    ("wagtailadmin_pages:revisions_compare", "revision_id_b"): words("latest"),
    ("wagtailadmin_pages:usage", "page_id"): pages,
    ("updates_question", "question_id"): rows("updates.ReaderQuestion"),
    ("updates_question_close", "question_id"): rows("updates.ReaderQuestion"),
    ("updates_question_show", "question_id"): rows("updates.ReaderQuestion"),
    ("pledges_survey_question", "question_id"): rows("pledges.SurveyQuestion"),
    ("campaigns_answer", "question_id"): rows("campaigns.ReviewQuestion"),
    ("campaigns_settle", "question_id"): rows("campaigns.ReviewQuestion"),
    ("campaign_image", "name"): words("fr.png", "partage.png", "share.png"),
    ("reward_image", "name"): words("fr.png", "partage.png", "share.png"),
    ("sender_confirmation", "token"): signed(
        sender_verifying.PURPOSE, lambda house: f"{house.cooperative.pk}:{house.cooperative.sender_email}"
    ),
    ("crossing", "token"): lambda house: [house.made["crossing"]],
    ("invitation", "token"): invitations,
    ("brand_trial", "token"): colours_on_trial,
    ("mfa_remove_webauthn", "pk"): rows("mfa.Authenticator"),
    ("unsubscribe", "token"): signed(unsubscribing.PURPOSE, _topic),
    ("campaign_preview", "token"): previews,
    ("campaign_news_confirm", "token"): signed(subscribing.PURPOSE, _news),
    ("email_confirm", "token"): change_token(email_changes.CONFIRM),
    ("email_undo", "token"): change_token(email_changes.UNDO),
    ("update_by_link", "token"): update_token,
    ("update_question_by_link", "token"): update_token,
    ("contribute_continue", "token"): signed(
        continuing.PURPOSE, lambda house: str(house.first("pledges.Continuation"))
    ),
    ("checkout_return", "key"): lambda house: [house.house.checkout.key],
    ("checkout_cancelled", "key"): lambda house: [house.house.checkout.key],
    ("data_download", "token"): lambda house: [data_links.token_of(house.house.money.data, Act.EXPORT)],
    ("data_erase", "token"): lambda house: [data_links.token_of(house.house.money.data, Act.ERASE)],
    ("wagtaildocs_serve", "_0"): lambda house: [house.house.document.pk, house.made["private"].pk],
    ("wagtaildocs_serve", "_1"): lambda house: [house.house.document.filename, house.made["private"].filename],
    ("wagtail_serve", "_0"): path_of_pages,
    ("wagtailadmin_password_reset_confirm", "token"): words("x"),
    ("wagtaildocs:create_multiple_from_uploaded_document", "uploaded_file_id"): rows("wagtailcore.UploadedFile"),
    ("wagtaildocs:delete_upload_multiple", "uploaded_file_id"): rows("wagtailcore.UploadedFile"),
    ("wagtailimages:create_multiple_from_uploaded_image", "uploaded_file_id"): rows("wagtailcore.UploadedFile"),
    ("wagtailimages:delete_upload_multiple", "uploaded_file_id"): rows("wagtailcore.UploadedFile"),
}
#: What `pk` is, by the namespace of the viewset.
BY_NAMESPACE: dict[str, Filler] = {
    "federations": rows("home.Federation"),
    "wagtailadmin_collections": rows("wagtailcore.Collection"),
    "wagtailadmin_workflows": lambda house: [house.made["workflow"].pk, house.made["task"].pk],
    "wagtailsettings": rows("wagtailcore.Site"),
    "wagtaillocales": words(1, 2),
    "wagtailsites": rows("wagtailcore.Site"),
    "wagtailusers_users": rows("home.User"),
    "wagtailusers_groups": rows("auth.Group"),
    "wagtaildocs_chooser": rows("wagtaildocs.Document"),
    "wagtailimages_chooser": rows("wagtailimages.Image"),
}
#: The arguments that name a model together, and what their `pk` or `object_id` is.
MODELS: dict[str, Filler] = {
    "wagtailcore.page": text_page,
    "home.textpage": text_page,
    "campaigns.campaignpage": rows("campaigns.CampaignPage"),
    "updates.updatepage": rows("updates.UpdatePage"),
    "wagtailimages.image": rows("wagtailimages.Image"),
    "wagtaildocs.document": rows("wagtaildocs.Document"),
    "wagtailmedia.media": rows("wagtailmedia.Media"),
    "home.brand": rows("wagtailcore.Site"),
    "home.user": rows("home.User"),
}
APP_NAMES = {"app_label", "app_name", "content_type_app_name"}
MODEL_NAMES = {"model_name", "content_type_model_name"}
#: Arguments that name no row: whatever the house, they are the same.
NEUTRAL = {"language", "part", "kind", "group", "occasion", "number", "version", "media_type", "filter_spec", "mode"}
NEUTRAL |= {
    "size",
    "action",
    "action_name",
    "uidb64",
    "name",
    "revision_id_a",
    "revision_id_b",
    *APP_NAMES,
    *MODEL_NAMES,
}


def filler_of(route: Route, argument: str) -> Filler:
    """Raises Unfilled with what is to be added."""
    filler = FILLERS.get((route.key, argument)) or BY_NAME.get(argument)
    if argument == "pk" and (route.key, argument) not in FILLERS:
        filler = BY_NAMESPACE.get(route.namespace)
    if filler is None:
        raise Unfilled(
            f"Nothing fills `{argument}` of {route.key} ({route.shape[0]}): add it to BY_NAME, or to FILLERS as "
            f"({route.key!r}, {argument!r}), in tests/canary/routes.py; a row it needs, to tests/canary/houses.py."
        )
    return filler


def ways(route: Route, house: Inhabited, other: Inhabited | None = None) -> list[dict[str, Any]]:
    """Arguments out of a house, in the combinations that there are; with another, one of them is the other's.

    Raises Unfilled.
    """
    names = route.shape[1]
    if APP_NAMES & set(names):
        return [] if other else _ways_of_models(names, house)
    if other is None:
        choices = [filler_of(route, name)(house) for name in names]
        return [dict(zip(names, values, strict=True)) for values in product(*choices)][: MOST_WAYS + 2]
    named = [name for name in names if name not in NEUTRAL]
    mixed = []
    for lent in named if len(named) > 1 else []:
        choices = [filler_of(route, name)(other if name == lent else house)[:2] for name in names]
        mixed += [dict(zip(names, values, strict=True)) for values in product(*choices)][:MOST_WAYS]
    return mixed


def _ways_of_models(names: list[str], house: Inhabited) -> list[dict[str, Any]]:
    """Routes that name a model and a row of it (or a page above)."""
    found = []
    for label, filler in MODELS.items():
        app, model = label.split(".")
        values: dict[str, Any] = {}
        for name in names:
            if name in APP_NAMES:
                values[name] = app
            elif name in MODEL_NAMES:
                values[name] = model
            elif name in {"pk", "object_id"}:
                values[name] = filler(house)[0]
            else:
                values[name] = BY_NAME[name](house)[0]
        found.append(values)
        if "action" in names:
            found[-1:] = [values | {"action": action} for action in BY_NAME["action"](house)]
    return found


def address(route: Route, arguments: dict[str, Any]) -> str:
    quoted = {name: quote(str(value), safe="/:~@.") for name, value in arguments.items()}
    return route.shape[0] % quoted


def is_about_a_row(route: Route) -> bool:
    """Whether its address names a row, and not only words."""
    return bool(set(route.shape[1]) - NEUTRAL)
