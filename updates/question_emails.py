"""The mail that answers a reader's question. It names no contribution: whoever asked may have none."""

from django.utils.translation import gettext

from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from updates import reading
from updates.models import ReaderQuestion, UpdatePage
from updates.questions import ANSWER_MAIL


def fill_answer(mail: OutgoingMail) -> Context:
    pk = mail.subject_key.rpartition(":")[2]
    rows = ReaderQuestion.objects.select_related("update__campaign", "update__cooperative__site", "backer")
    question = rows.get(pk=pk)
    return {
        "question": question,
        "button_url": _address(question, mail.language),
        "button_label": gettext("Read the update online"),
    }


def _address(question: ReaderQuestion, language: str) -> str:
    """Empty (no button) where the update is offline."""
    update = question.update
    pages = UpdatePage.objects.live().filter(translation_key=update.translation_key, alias_of=None)
    by_language = {page.locale.language_code: page for page in pages.select_related("locale")}
    page = by_language.get(language) or next(iter(by_language.values()), None)
    if page is None:
        return ""
    return page.full_url or "" if update.is_open else reading.address_of(update, question.backer, language)


QUESTION_ANSWERED = register(
    MailKind(
        key=ANSWER_MAIL,
        app="updates",
        category=Category.SERVICE,
        purpose="The answer to a question asked under an update, to the person who asked.",
        fill=fill_answer,
    )
)
