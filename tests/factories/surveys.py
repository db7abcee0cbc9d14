"""Surveys as an editor writes them: questions with choices in both languages, as a draft or open."""

from datetime import timedelta

from home import clock
from home.tenancy import within
from pledges import surveys
from pledges.enums import QuestionKind
from pledges.fulfilment import today_in
from pledges.models import Survey, SurveyOption, SurveyQuestion

SIZES = [("Petit", "Small"), ("Moyen", "Medium"), ("Grand", "Large")]


def make_survey(reward, *, days=20, sizes=SIZES, text=True, asks_address=False, opened=False, lock_on=None):
    """A size to choose (the second counts without an answer), and unless told a name to write, which is optional."""
    with within(reward.cooperative):
        survey = Survey.objects.create(
            cooperative=reward.cooperative,
            reward=reward,
            asks_address=asks_address,
            lock_on=lock_on or today_in(reward.cooperative) + timedelta(days=days),
            created_at=clock.now(),
        )
        if sizes:
            question = SurveyQuestion.objects.create(
                survey=survey, position=0, kind=QuestionKind.CHOICE, label_fr="Taille", label_en="Size"
            )
            for place, (french, english) in enumerate(sizes):
                SurveyOption.objects.create(
                    question=question, position=place, label_fr=french, label_en=english, is_default=place == 1
                )
        if text:
            SurveyQuestion.objects.create(
                survey=survey,
                position=1,
                kind=QuestionKind.TEXT,
                label_fr="Nom à graver",
                label_en="Name to engrave",
                required=False,
            )
        if opened:
            assert surveys.open_survey(survey, by=None)
        return survey
