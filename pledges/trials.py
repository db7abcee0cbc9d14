"""« Campagne d’essai »: a campaign tried in the twin of its cooperative, from the first pledge to what comes after.

The twin is a cooperative of its own (home.cooperatives.twins), so that nothing here reaches a row of the real
one. Its money is Stripe's test mode's, its mail goes to the person who rehearses.

What happens when the process dies in `start`: the twin is founded in one transaction, its account is asked for by a row
with a key, and the copy is published and launched with the row of the trial in another. The same call again does what
is left. `finish` is one transaction; so is beginning again, which ends a trial only with the next one there.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from campaigns import end_dates, lifecycle, twin_copies
from campaigns.models import Campaign, CampaignPage
from home import audit, clock, outbox
from home.cooperatives import twins
from home.models import Cooperative, User
from home.tenancy import within
from pledges import accounts, erasing, fulfilment, gateway, grace
from pledges.models import Trial

BEGUN = audit.act("trial_begun", gettext_lazy("Trial campaign begun"))
audit.fact("page", gettext_lazy("Page"), lambda value, facts, cooperative: str(value))

#: How long a trial lasts whose campaign has no last day yet, or one that lies too far.
DAYS = 14

#: What is left once someone goes to the last two days: what is written then has two days to be written in.
LAST_DAYS = timedelta(hours=47)


class TrialRefused(Exception):
    """Nothing was started. `reasons` are sentences for the person who asked."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = list(reasons)
        super().__init__(" ".join(self.reasons))


class TrialTaken(TrialRefused):
    """Someone else is trying a campaign; it may be taken over."""


def running(twin: Cooperative) -> Trial | None:
    """The trial that runs in the twin."""
    with within(twin):
        trials = Trial.objects.filter(cooperative=twin, ended_at=None)
        return trials.select_related("campaign__cooperative__site", "cooperative__site", "started_by").first()


def is_possible() -> bool:
    """Whether the installation has Stripe's test mode, without which nothing is tried."""
    return gateway.has_test_mode()


def start(page: CampaignPage, cooperative: Cooperative, *, by: User, take_over: bool = False) -> Trial:
    """The trial of a campaign as it was last saved, by this person; the one that runs, if it is this one's.

    Raises TrialRefused, TrialTaken while someone else tries a campaign, Refused or Unavailable.
    """
    if not is_possible():
        raise TrialRefused([gettext("This platform has no test mode for payments: no campaign can be tried here.")])
    with within(cooperative):
        drafts = twin_copies.drafts_of(page)
        if reasons := twin_copies.missing(drafts):
            raise TrialRefused(reasons)
    twin = twins.found_twin(cooperative)
    _take(twin, by, take_over)
    _open_account(twin, by)
    return _launched(cooperative, twin, drafts, by)


def _take(twin: Cooperative, by: User, take_over: bool) -> None:
    other = twin.rehearsed_by
    if other is not None and other.pk != by.pk and not take_over and running(twin):
        raise TrialTaken([gettext("%(name)s is trying a campaign.") % {"name": other}])
    twins.enter(twin, by)


def _open_account(twin: Cooperative, by: User) -> None:
    with within(twin):
        if not twin.stripe_account:
            accounts.open_for(twin, by=by)
        if not twin.takes_payments:
            accounts.refresh(twin)
    if not twin.takes_payments:
        raise TrialRefused([gettext("The test account does not take payments yet. Try again in a moment.")])


def _launched(
    real: Cooperative, twin: Cooperative, drafts: list[CampaignPage], by: User, *, instead_of: Trial | None = None
) -> Trial:
    """The trial that runs, if it is of this campaign and not the one to be replaced; else a new one."""
    key = drafts[0].translation_key
    try:
        with transaction.atomic():
            Cooperative.objects.select_for_update().get(pk=twin.pk)
            if standing := running(twin):
                if standing.source_key == key and standing != instead_of:
                    return standing
                _finish(standing)
            twins.copy_brand(real, twin)
            twin_copies.copy_texts(real, twin, by=by)
            campaign = twin_copies.copy_into(twin, drafts, last_day=_last_day(drafts[0], twin), by=by)
            with within(real):
                audit.record(BEGUN, cooperative=real, by=by, page=drafts[0].title)
            with within(twin):
                return Trial.objects.create(
                    cooperative=twin, source_key=key, campaign=campaign, started_at=clock.now(), started_by=by
                )
    except ValidationError as error:
        raise TrialRefused(error.messages) from error


def _last_day(draft: CampaignPage, twin: Cooperative) -> date:
    """The campaign's own, if it lies ahead and within its limit."""
    today = clock.now().astimezone(ZoneInfo(twin.time_zone)).date()
    own = draft.end_date
    if own is not None and today < own <= today + timedelta(days=twin.max_campaign_days):
        return own
    return today + timedelta(days=min(DAYS, twin.max_campaign_days))


def take_over(trial: Trial, *, by: User) -> None:
    """Someone else of the team goes on with it: from now on its mails go to them."""
    twins.enter(trial.cooperative, by)


def go_to_last_days(trial: Trial) -> bool:
    """Two days before the end, where the last mails before the debit are written. True if this call moved it."""
    return _bring_forward(trial, LAST_DAYS)


def go_to_end(trial: Trial) -> bool:
    """The deadline is now; the tick settles as it settles any campaign. True if this call moved it."""
    return _bring_forward(trial, timedelta())


def _bring_forward(trial: Trial, left: timedelta) -> bool:
    campaign = trial.campaign
    with within(trial.cooperative), transaction.atomic():
        moved = lifecycle.bring_forward(campaign, clock.now() + left)
        if moved:
            end_dates.write_on_pages(campaign, end_dates.day_of(campaign.deadline, campaign))
    return moved


def finish(trial: Trial) -> None:
    """Take the trial down. Mails are removed and people are forgotten; contributions and ledger stay in the twin."""
    with transaction.atomic():
        _finish(trial)
        twins.leave(trial.cooperative)


def _finish(trial: Trial) -> None:
    twin = trial.cooperative
    with within(twin):
        campaign = Campaign.objects.select_related("cooperative__site").get(pk=trial.campaign_id)
        lifecycle.abandon(campaign)
        grace.abandon(campaign)
        fulfilment.abandon(campaign)
        twin_copies.take_down(campaign)
        erasing.empty_rehearsal(twin)
        outbox.forget_rehearsal(twin)
        Trial.objects.filter(pk=trial.pk, ended_at=None).update(ended_at=clock.now())


def start_again(trial: Trial, *, by: User) -> Trial:
    """From the beginning, with the campaign as it was last saved, in the place of this one.

    Raises what `start` raises; this one runs on then, as it does when the process dies.
    """
    real = twins.real_of(trial.cooperative)
    page = source_page(real, trial.source_key)
    if page is None:
        raise TrialRefused([gettext("The campaign that was tried is gone.")])
    with within(real):
        drafts = twin_copies.drafts_of(page)
        if reasons := twin_copies.missing(drafts):
            raise TrialRefused(reasons)
    _take(trial.cooperative, by, take_over=False)
    _open_account(trial.cooperative, by)
    return _launched(real, trial.cooperative, drafts, by, instead_of=trial)


def source_page(real: Cooperative, source_key: UUID) -> CampaignPage | None:
    """The page that a trial copies, as its editors know it."""
    with within(real):
        pages = CampaignPage.objects.filter(translation_key=source_key, alias_of=None).order_by("pk")
        return pages.select_related("locale").first()
