"""A backer who left something wherever one can, and everything in which they might be found afterwards."""

import html
import json
import subprocess
import uuid

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django_tasks_db.models import DBTaskResult
from wagtail.admin.models import FormState
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, Comment, CommentReply, Page
from wagtail_localize.models import StringSegment, StringTranslation, Translation, TranslationSource

from home import audit, backing, clock, outbox
from home.log_in.recent_login import KEPT
from home.mail.registry import kind_of
from home.models import MailEvent, MailState, OutgoingMail, Role
from pledges import checkout, data_links, email_changes, refund_requests
from pledges.enums import FulfilmentState
from pledges.models import DeliveryAddress, Pledge, PledgeItem, Problem, Refund, SurveyAnswer, SurveyReply
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, make_refund
from tests.factories.surveys import make_survey
from tests.updates.making import make_update, make_update_page, tell, text_block
from updates.models import Correction, ReaderQuestion

NAME, EMAIL, OTHER = "Zoé-Ève d’Entremont", "zoe.entremont@courriel.example", "zoe.ailleurs@courriel.example"
STREET, TYPED = "1250, rang Saint-Ours Ouest", "Zoé-Ève d'Entremont"
#: What must be nowhere.
SECRETS = [NAME, TYPED, EMAIL, OTHER, STREET]
BUSINESS = "Boulangerie de la Pointe inc."


def furnish(campaign):
    """Their contribution; it may be erased once the campaign is over."""
    owner = make_user(campaign.cooperative, Role.OWNER, "direction@meule.example", last_name="Dubé")
    pledge = _contribution(campaign)
    _said(campaign, pledge)
    _written_to(campaign, pledge, owner)
    _named_by_the_team(campaign, owner)
    _of_the_machine(campaign, owner)
    return pledge


def _contribution(campaign):
    flour = campaign.rewards.order_by("position").first()
    pledge = make_pledge(campaign, email=EMAIL, backer_name=NAME, rewards=[(flour, 1)], extra=500)
    checkout.customer_of(pledge.backer, pledge)
    Pledge.objects.filter(pk=pledge.pk).update(
        message=f"Bonjour, ici {TYPED}.",
        gift_for=NAME,
        wall="name",
        wall_name=NAME,
        company_name=BUSINESS,
        company_numbers="TPS 123456789 RT0001",
    )
    address = {"recipient": NAME, "line1": STREET, "city": "Saint-Aurèle", "country": "CA"}
    DeliveryAddress.objects.create(
        cooperative=campaign.cooperative, pledge=pledge, changed_at=clock.now(), postal_code="G0L 0X0", **address
    )
    Refund.objects.filter(pk=make_refund(pledge.payment, amount=100, commission=0).pk).update(note=f"Pour {NAME}")
    return Pledge.objects.get(pk=pledge.pk)


def _said(campaign, pledge):
    cooperative, now = campaign.cooperative, clock.now()
    item = PledgeItem.objects.select_related("pledge").get(pledge=pledge)
    survey = make_survey(item.reward, opened=True)
    reply = SurveyReply.objects.create(cooperative=cooperative, survey=survey, item=item, language="fr", replied_at=now)
    SurveyAnswer.objects.create(reply=reply, question=survey.questions.get(kind="text"), text=NAME)
    told = {"kind": "damaged", "text": f"{NAME} : cassé", "answer": f"Désolés, {NAME}", "reported_at": now}
    Problem.objects.create(cooperative=cooperative, item=item, **told)
    request = refund_requests.ask(item, f"Remboursez {NAME}, {STREET}")
    request.answer, request.state = f"Non, {NAME}", "declined"
    request.save()
    PledgeItem.objects.filter(pk=item.pk).update(
        state=FulfilmentState.DELIVERED, state_reason=NAME, carrier=NAME, tracking_url="https://colis.example/zoe"
    )
    tell(pledge.backer, campaign)
    backing.suppress(cooperative, EMAIL, backing.COMPLAINED)
    email_changes.ask(pledge, OTHER)
    data_links.ask(pledge, data_links.Act.EXPORT)
    update = make_update(campaign, title="La pierre")
    asked = {"cooperative": cooperative, "update": update, "backer": pledge.backer, "language": "fr", "asked_at": now}
    ReaderQuestion.objects.create(**asked, text=f"Je suis {NAME}. Quand?")
    ReaderQuestion.objects.create(
        **asked, text=f"Ici {NAME}.", answer=f"Merci {NAME}", state="answered", shown=True, answered_at=now
    )


def _written_to(campaign, pledge, owner):
    cooperative = campaign.cooperative
    outbox.queue(kind_of("pledge_confirmed"), cooperative=cooperative, subject_key=pledge.key, to=pledge.backer)
    OutgoingMail.objects.filter(backer=pledge.backer).update(
        state=MailState.SENT, last_error=f"550 {EMAIL}", facts={"name": NAME, "topic": str(campaign.translation_key)}
    )
    mail = OutgoingMail.objects.filter(backer=pledge.backer).first()
    event = {"provider": "Test", "event_key": "1", "kind": "deferred", "detail": EMAIL, "received_at": clock.now()}
    MailEvent.objects.create(cooperative=cooperative, mail=mail, **event)
    team = outbox.mail_for(
        kind_of("data_erased"), cooperative=cooperative, subject_key="to the team", to=owner, facts={"who": [NAME]}
    )
    outbox.write_all([team])
    OutgoingMail.objects.filter(user=owner).update(state=MailState.SENT)


def _named_by_the_team(campaign, owner):
    """In an update with its versions, translation, comments and corrections, in the search, in a picture's title."""
    cooperative = campaign.cooperative
    words = f"<p>Merci à {NAME} ({EMAIL}), {STREET}.</p>"
    page = make_update_page(campaign, text_block(words), title=f"Merci {NAME}", summary=f"De {html.escape(TYPED)}")
    page.search_description = NAME
    page.save_revision(user=owner, log_action=True).publish(user=owner)
    source, _created = TranslationSource.update_or_create_from_instance(page)
    english = page.locale.__class__.objects.get(language_code="en")
    Translation.objects.create(source=source, target_locale=english)
    for segment in StringSegment.objects.filter(source=source, string__data__icontains="Entremont"):
        StringTranslation.objects.create(
            translation_of=segment.string, locale=english, context=segment.context, data=f"Thanks to {NAME}"
        )
    comment = Comment.objects.create(page=page, user=owner, text=f"{NAME}?", contentpath="title")
    CommentReply.objects.create(comment=comment, user=owner, text=EMAIL)
    update = ReaderQuestion.objects.first().update
    Correction.objects.create(
        cooperative=cooperative, update=update, language="fr", made_at=clock.now(), passages=[{"was": NAME, "now": ""}]
    )
    Image.objects.create(
        title=f"Photo de {NAME}", file=get_test_image_file(), collection=Collection.objects.get(name=cooperative.name)
    )
    audit.record(next(iter(audit.acts())), cooperative=cooperative, by=owner, file=f"{NAME}.csv")


def _of_the_machine(campaign, owner):
    kept = {"path": "/", "body": f"name={NAME}&x={EMAIL}", "at": 1}
    session = SessionStore()
    session[KEPT] = kept
    session.save()
    FormState.objects.create(
        data=f"title={NAME}",
        user=owner,
        content_type=ContentType.objects.get_for_model(Page),
        object_id="1",
        parent_object_id="",
        last_updated_at=clock.now(),
    )
    DBTaskResult.objects.create(
        id=uuid.uuid4(),
        args_kwargs={"args": [NAME], "kwargs": {}},
        task_path="home.tasks.send_mails",
        priority=0,
        queue_name="default",
        backend_name="default",
        exception_class_path="",
        traceback=f"ValueError: {EMAIL}",
        status="FAILED",
        run_after=clock.now(),
    )


# ------------------------------------------------------------------ looking


def ways_of(secret):
    """As databases, JSON and HTML write it, in small letters."""
    said = json.dumps(secret)[1:-1]
    return {one.casefold() for one in (secret, said, json.dumps(said)[1:-1], html.escape(secret))}


def found_in(text):
    """Which of the secrets a text says."""
    folded = text.casefold()
    return {secret for secret in SECRETS if any(way in folded for way in ways_of(secret))}


def places():
    """{table.column: texts} of the whole database that say one of the secrets."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    text = value.decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
                    if found_in(text):
                        found.setdefault(f"{table}.{name}", []).append(text)
    return found


def dump():
    """What `pg_dump` writes of this test's database."""
    said = connection.settings_dict
    command = ["pg_dump", "-h", said["HOST"], "-p", str(said["PORT"]), "-U", said["USER"], said["NAME"]]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def files_that_say(*folders):
    return {
        str(path.relative_to(folder)): found
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and (found := found_in(f"{path.name} {path.read_bytes().decode(errors='replace')}"))
    }


def held_in_sessions():
    """Of each session, whether it holds a form."""
    return [KEPT in row.get_decoded() for row in Session.objects.all()]


def keep_a_file():
    """Media that has nothing to do with them stays."""
    path = settings.MEDIA_ROOT / "documents" / "plan.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"Le plan du four.")
    return path
