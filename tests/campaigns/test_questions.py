"""Questions of the review: about a block, by a day, answered, settled, each told once."""

from datetime import date, timedelta

import pytest

from campaigns import checklist, questions
from campaigns.models import Dossier, ReviewQuestion
from home.models import OutgoingMail, Role
from tests.factories.reviews import again, make_draft, member

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def page(cooperative):
    return make_draft(cooperative)


def ask(page, cooperative, text="Qui taille la pierre?", *, days=7, passage=None):
    return questions.ask(
        page,
        cooperative,
        by=member(cooperative, Role.ADVISER),
        text=text,
        answer_by=date.today() + timedelta(days=days),
        passage=passage,
    )


def mails():
    return sorted(OutgoingMail.objects.values_list("kind", "address"))


def test_a_question_stands_at_a_block_and_is_told_to_the_editors(page, cooperative):
    editor = member(cooperative, Role.EDITOR)
    passages = list(questions.passages_of(page))
    assert [passage.label for passage in passages] == [
        "Titre · Onze fermes, un village et une pierre de 900 kg.",
        "Description · Un moulin fermé depuis 1974",
        "Contreparties",
        "— Contrepartie · Le sac de farine",
        "— Contrepartie · La boîte du meunier",
    ]
    question = ask(page, cooperative, passage=passages[3])
    assert (str(question.block_id), question.block_label) == (
        page.tier_blocks[0].id,
        "Contrepartie · Le sac de farine",
    )
    assert mails() == [("question_asked", editor.email)]
    ask(page, cooperative)
    assert Dossier.objects.count() == 1


def test_an_answer_is_told_once_and_may_be_corrected_until_it_is_settled(page, cooperative):
    editor, adviser = member(cooperative, Role.EDITOR), member(cooperative, Role.ADVISER)
    question = ask(page, cooperative)
    assert questions.answer(question, by=editor, text="Onésime.")
    assert questions.answer(question, by=editor, text="Onésime Ouellet.")
    assert [questions.settle(question, by=adviser) for _time in range(2)] == [True, False]
    assert not questions.answer(question, by=editor, text="Trop tard.")
    question.refresh_from_db()
    assert (question.answer, question.settled_by) == ("Onésime Ouellet.", adviser)
    assert mails() == [("answer_given", adviser.email), ("question_asked", editor.email)]


def test_an_unanswered_question_past_its_day_stands_out(page, cooperative):
    late, answered = ask(page, cooperative, days=-1), ask(page, cooperative, days=-1)
    questions.answer(answered, by=None, text="Voilà.")
    assert [questions.is_overdue(one, cooperative) for one in (late, answered)] == [True, False]


def test_an_open_question_holds_the_launch_back(page, cooperative):
    question = ask(page, cooperative)

    def sentence():
        return next(point.sentence for point in checklist.of(again(page), cooperative).points if point.key == "review")

    assert sentence().startswith("1\u00a0question attend votre réponse, d’ici le") or sentence().startswith(
        "1 question attend votre réponse, d’ici le"
    )
    questions.answer(question, by=None, text="Voilà.")
    assert sentence() == "1 réponse reste à conclure par l’accompagnement."
    questions.settle(question, by=None)
    assert sentence() == "La révision reste à demander."
    assert ReviewQuestion.objects.count() == 1
