"""Tasks and periodic work of fulfilment: ids in, fetch, delegate. The rows are the truth, a task is a hint."""

from datetime import timedelta

from django_tasks import task

from home.models import Cooperative
from home.tenancy import across_cooperatives, within
from home.ticking import periodic
from pledges import address_locks, arrivals, surveys
from pledges.enums import SurveyState
from pledges.models import Survey


@task()
def attend_survey(survey_id: int) -> None:
    with across_cooperatives():
        survey = Survey.objects.select_related("cooperative__site").filter(pk=survey_id).first()
    if survey is not None:
        with within(survey.cooperative):
            surveys.attend(survey)


@task()
def lock_addresses() -> None:
    address_locks.lock_due(Cooperative.objects.order_by("pk"))


@periodic("surveys and addresses", every=timedelta(minutes=5))
def nudge_surveys_and_addresses() -> None:
    with across_cooperatives():
        ids = list(Survey.objects.filter(state=SurveyState.OPEN).values_list("pk", flat=True))
        addresses = address_locks.due().exists()
    for survey_id in ids:
        attend_survey.enqueue(survey_id)
    if addresses:
        lock_addresses.enqueue()


@task()
def ask_about_arrivals(cooperative_id: int) -> None:
    arrivals.ask(Cooperative.objects.get(pk=cooperative_id))


@periodic("arrivals", every=timedelta(minutes=15))
def nudge_arrivals() -> None:
    with across_cooperatives():
        ids = list(arrivals.to_ask().order_by().values_list("cooperative", flat=True).distinct())
    for cooperative_id in ids:
        ask_about_arrivals.enqueue(cooperative_id)
