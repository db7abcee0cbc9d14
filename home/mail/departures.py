"""A worker's run: mails claimed, composed some at a time, marked as leaving, handed to the lanes, written down as sent.

One thread asks the database and composes; the lanes do nothing but hand over (home.mail.lanes). While some mails are on
their way the next are made ready; then what came back is written as sent, and what comes next as leaving, a statement
each. So the provider is not kept waiting, and no more is marked than is on its way or next: `AHEAD` mails for each
connection, or one call of many readers. That many are in doubt if the process dies (home.outbox says what then).
"""

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import TypeVar

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import DatabaseError

from home import clock
from home.mail import claims, composing, diverting, merging, moulds
from home.mail.composing import Composer
from home.mail.handover import blames_the_message
from home.mail.lanes import Lanes, Outcome, Parcel, is_smtp
from home.mail.merging import Dialect
from home.mail.moulds import Mould, ReadyMail
from home.mail.registry import Apart
from home.mail.wanted import still_wanted
from home.models import MailState, OutgoingMail
from home.tenancy import within

Made = TypeVar("Made")

#: Of how many mails it is asked at once whether they are still wanted.
ASKED = 48

#: Seconds that what many mails share may be old, as pages change while they are sent; and that an older mail which has
#: come back to the queue waits behind a long mailing.
FRESH = 5.0

#: Calls to the provider that the mails of one claim would fill.
CALLS_OF_A_CLAIM = 4

RENEW_EVERY = claims.LEASE.total_seconds() / 4


class Run:
    """Sends what is due until nothing is, or the provider is not there."""

    def __init__(self) -> None:
        provider = get_connection()
        self._smtp, self._dialect = is_smtp(provider), merging.dialect_of(provider)
        self._lanes = Lanes(1, ahead=1) if self._dialect else Lanes(max(1, settings.MAIL_CONNECTIONS))
        # Readers of each language and kind of reader stand among each other: of fewer, most calls would be short.
        self._claim_size = max(claims.CLAIM_SIZE, CALLS_OF_A_CLAIM * self._dialect.most if self._dialect else 0)
        self._composer, self._moulds, self._made_at = Composer(), {}, 0.0  # type: ignore[var-annotated]
        self._unsettled: dict[int, OutgoingMail] = {}
        self._renewed_at = self._looked_back_at = time.monotonic()
        self._claimed_up_to = 0
        self._gone: list[tuple[OutgoingMail, str]] = []
        self._retried: deque[Parcel] = deque()

    def send_due(self, limit: int, call_another: Callable[[], None]) -> int:
        """How many rows were handled. Another worker is called once, where one claim does not hold them all."""
        handled = 0
        claims.free_the_dead()
        try:
            while handled < limit and (mails := self._claim()):
                if not handled and len(mails) == self._claim_size:
                    call_another()
                done = self.send(mails)
                handled += done
                if done < len(mails):
                    break
        finally:
            self._lanes.close()
        return handled

    def _claim(self) -> list[OutgoingMail]:
        """On from where this run is; from the oldest on every few seconds, and where nothing is left ahead."""
        if time.monotonic() - self._looked_back_at > FRESH:
            self._claimed_up_to, self._looked_back_at = 0, time.monotonic()
        mails = claims.claim(self._claim_size, after=self._claimed_up_to)
        if not mails and self._claimed_up_to:
            mails = claims.claim(self._claim_size)
        self._claimed_up_to = mails[-1].pk if mails else 0
        return mails

    def send(self, mails: list[OutgoingMail]) -> int:
        """How many of these were handled: all, or those before the provider could not be reached or went silent.

        A silence ends the run, so that a provider in trouble puts little in doubt, not a whole mailing.
        """
        self._unsettled = {mail.pk: mail for mail in mails}
        for parcels in self._batches(mails):
            if not self._lanes.reach():
                break
            self._take(room_for=len(parcels))
            self._start(parcels)
        while self._lanes.outstanding or self._gone or self._retried:
            self._take(room_for=self._lanes.most)
            self._start([])
        left = list(self._unsettled.values())
        claims.give_back(left)
        return len(mails) - len(left)

    # ------------------------------------------------------------ made ready

    def _batches(self, mails: list[OutgoingMail]) -> Iterator[list[Parcel]]:
        """What may be marked and put at once: half of what the lanes hold, so that the other half is on its way."""
        if self._dialect is None:
            for start in range(0, len(mails), ASKED):
                wanted, size = self._wanted(mails[start : start + ASKED]), max(1, self._lanes.most // 2)
                aparts = _aparts([mail for mail in wanted if _is_shared(mail)]) if self._smtp else {}
                for first in range(0, len(wanted), size):
                    self._freshen()
                    some = wanted[first : first + size]
                    yield [parcel for mail in some if (parcel := self._alone(mail, aparts.get(mail.pk)))]
            return
        aparts = _aparts([mail for mail in mails if _is_shared(mail) and merging.is_plain(mail.address)])
        for group in _groups(mails, aparts):
            for start in range(0, len(group), self._dialect.most):
                self._freshen()
                wanted = self._wanted(group[start : start + self._dialect.most])
                for parcel in self._together(self._dialect, wanted, aparts):
                    yield [parcel]

    def _freshen(self) -> None:
        if time.monotonic() - self._made_at > FRESH:
            self._composer, self._made_at = Composer(), time.monotonic()
            self._moulds.clear()

    def _wanted(self, mails: Sequence[OutgoingMail]) -> list[OutgoingMail]:
        """Those that may leave; the others are recorded as not wanted any more."""
        found: list[OutgoingMail] = []
        for _cooperative, some in groupby(mails, key=lambda mail: mail.cooperative_id):
            ours = list(some)
            with within(ours[0].cooperative):
                asked = self._try(partial(still_wanted, ours), ours if len(ours) == 1 else [])
            if asked is None:
                found += [mail for one in (ours if len(ours) > 1 else []) for mail in self._wanted([one])]
                continue
            for mail in ours:
                if mail.pk in asked:
                    found.append(mail)
                else:
                    with within(mail.cooperative):
                        claims.settle(mail, MailState.QUEUED, state=MailState.SUPPRESSED)
                    self._settled(mail)
        return found

    def _try(self, make: Callable[[], Made], mails: Sequence[OutgoingMail]) -> Made | None:
        """None where it fails, which is recorded of these: whatever one mail lacks, those after it still leave."""
        try:
            return make()
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 (what a mail needs may be gone in any way)
            for mail in mails:
                claims.not_composed(mail, error)
                self._settled(mail)
            return None

    def _alone(self, mail: OutgoingMail, apart: Apart | None = None) -> Parcel | None:
        with within(mail.cooperative):
            content = self._try(partial(self._content_of, mail, apart), [mail])
        return None if content is None else Parcel([mail], content)

    def _content_of(self, mail: OutgoingMail, apart: Apart | None) -> EmailMultiAlternatives | ReadyMail:
        """Bytes for SMTP, filled into what its group shares where it has one; else a message."""
        if self._smtp and apart is not None:
            try:
                return self._mould_of(mail, apart).fill(mail, apart)
            except moulds.Unfit:
                pass
        message = diverting.divert(self._composer.compose(mail), mail)
        return moulds.of_message(message) if self._smtp else message

    def _mould_of(self, mail: OutgoingMail, apart: Apart) -> Mould:
        key = composing.group_of(mail, apart)
        if key not in self._moulds:
            self._moulds[key] = Mould(mail, self._composer.draft_of(mail, apart))
        return self._moulds[key]

    def _together(self, dialect: Dialect, mails: list[OutgoingMail], aparts: dict[int, Apart]) -> Iterator[Parcel]:
        """One call for all of them, where their text and addresses allow it."""
        if len(mails) > 1:
            with within(mails[0].cooperative):
                call = self._try(partial(self._call_for, dialect, mails, aparts), [])
            if call is not None:
                yield call
                return
        yield from (parcel for mail in mails if (parcel := self._alone(mail)))

    def _call_for(self, dialect: Dialect, mails: list[OutgoingMail], aparts: dict[int, Apart]) -> Parcel | None:
        pairs = [(mail, aparts[mail.pk]) for mail in mails]
        draft = self._composer.draft_of(*pairs[0])
        if not merging.can_carry(dialect, draft, pairs):
            return None

        def message_for(some: Sequence[OutgoingMail]) -> EmailMultiAlternatives:
            ids = {mail.pk for mail in some}
            message = merging.message_for(dialect, draft, [pair for pair in pairs if pair[0].pk in ids])
            return diverting.divert(message, some[0])

        return Parcel(mails, message_for(mails), message_for)

    # ------------------------------------------------------------ on its way, and back

    def _start(self, parcels: list[Parcel]) -> None:
        """Write what came back and what comes next, which is then handed over."""
        gone, self._gone = self._gone, []
        next_ones = [mail for parcel in parcels for mail in parcel.mails]
        leaving = claims.turn(gone, next_ones)
        going = [kept for parcel in parcels if (kept := parcel.only(leaving))]
        for mail in next_ones:
            if mail.pk not in leaving:
                self._settled(mail)
        going += self._retried
        self._retried.clear()
        self._lanes.put(going)

    def _take(self, room_for: int) -> None:
        """Wait until so many parcels more may be marked."""
        while True:
            for outcome in self._lanes.take(self._lanes.outstanding + room_for - self._lanes.most, RENEW_EVERY):
                self._came_back(outcome)
            if time.monotonic() - self._renewed_at > RENEW_EVERY:
                claims.renew(list(self._unsettled.values()))
                self._renewed_at = time.monotonic()
            if self._lanes.outstanding + room_for <= self._lanes.most:
                return

    def _came_back(self, outcome: Outcome) -> None:
        parcel = outcome.parcel
        with within(parcel.mails[0].cooperative):
            if not outcome.begun:
                claims.take_back(parcel.mails)
            elif outcome.error is not None:
                self._not_taken(parcel, outcome.error)
            elif isinstance(parcel.content, ReadyMail):
                self._sent(parcel.mails[0], "")
            else:
                self._taken(parcel.mails, parcel.content)

    def _taken(self, mails: list[OutgoingMail], message: EmailMultiAlternatives) -> None:
        """What the provider answered about each."""
        for mail in mails:
            status, name = merging.answer_for(message, mail)
            if len(mails) > 1 and status in {"invalid", "rejected"}:
                refused = f"RecipientsRefused({status})"
                claims.settle(mail, MailState.LEAVING, state=MailState.FAILED, provider_id=name, last_error=refused)
                self._settled(mail)
            elif len(mails) > 1 and status == "failed":
                later = clock.now() + claims.wait(mail)
                claims.settle(mail, MailState.LEAVING, state=MailState.QUEUED, not_before=later, last_error=status)
                self._settled(mail)
            else:
                self._sent(mail, name)

    def _not_taken(self, parcel: Parcel, error: Exception) -> None:
        """Where a call is refused for what may be one reader's fault, each is handed over alone: none had left."""
        alone = len(parcel.mails) > 1 and blames_the_message(error)
        for mail in parcel.mails:
            if alone and claims.keep(mail):
                self._retried.append(Parcel([mail], diverting.divert(self._composer.compose(mail), mail)))
            else:
                claims.not_sent(mail, error)
                self._settled(mail)

    def _sent(self, mail: OutgoingMail, name: str) -> None:
        """Written with what comes next."""
        self._gone.append((mail, name))
        self._settled(mail)

    def _settled(self, mail: OutgoingMail) -> None:
        self._unsettled.pop(mail.pk, None)


def _is_shared(mail: OutgoingMail) -> bool:
    return composing.is_shared(mail) and not mail.cooperative.is_rehearsal


def _aparts(mails: Sequence[OutgoingMail]) -> dict[int, Apart]:
    """What sets each of them apart, by id."""
    found: dict[int, Apart] = {}
    for _cooperative, some in groupby(mails, key=lambda mail: mail.cooperative_id):
        ours = list(some)
        with within(ours[0].cooperative):
            found |= composing.aparts_of(ours)
    return found


def _groups(mails: Sequence[OutgoingMail], aparts: dict[int, Apart]) -> list[list[OutgoingMail]]:
    """Those that one call to the provider may carry."""
    groups: dict[Hashable, list[OutgoingMail]] = {}
    for mail in mails:
        apart = aparts.get(mail.pk)
        groups.setdefault(id(mail) if apart is None else composing.group_of(mail, apart), []).append(mail)
    return list(groups.values())
