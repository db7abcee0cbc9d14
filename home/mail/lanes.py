"""Several connections to the provider at once, each in a thread of its own that does nothing but hand over.

No lane asks the database: who gives it a parcel has marked its mails as leaving, and writes down what came of it. A
connection is opened before a parcel is taken, kept for those that follow, and opened anew after an error. A parcel of
which nobody knows whether it left stops all lanes: what they have begun they end, and the rest comes back as it was.
"""

import logging
import queue
import smtplib
import socket
import threading
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from home.mail import smtp_talk
from home.mail.handover import Verdict, verdict_on
from home.mail.moulds import ReadyMail
from home.models import OutgoingMail

log = logging.getLogger(__name__)

#: Parcels marked as leaving at a moment, for each connection: one on its way, the others next.
AHEAD = 8


@dataclass(frozen=True)
class Parcel:
    """What one hand-over carries: a mail, or many by one call, which `remake` makes anew for some of them."""

    mails: list[OutgoingMail]
    content: EmailMultiAlternatives | ReadyMail
    remake: Callable[[Sequence[OutgoingMail]], EmailMultiAlternatives] | None = None

    def only(self, ids: Container[int]) -> "Parcel | None":
        """With these of its mails, if it has any."""
        kept = [mail for mail in self.mails if mail.pk in ids]
        if len(kept) == len(self.mails) or not kept or self.remake is None:
            return self if kept else None
        return Parcel(kept, self.remake(kept), self.remake)


@dataclass(frozen=True)
class Outcome:
    """`begun` is False of a parcel that no connection was given. Without an error it was taken."""

    parcel: Parcel
    begun: bool
    error: Exception | None = None


def is_smtp(provider: BaseEmailBackend) -> bool:
    """Whether it takes bytes that are ready."""
    return type(provider) is EmailBackend


class Carrier:
    """One connection. Belongs to one thread at a time."""

    def __init__(self) -> None:
        self._provider = get_connection()
        self._carried = 0

    def open(self) -> None:
        """Raises OSError where the provider is not there. An open connection stays as it is, up to its limit."""
        if 0 < settings.MAIL_PER_CONNECTION <= self._carried:
            self.close()
        if self._provider.open() and is_smtp(self._provider):
            # Content is written in one piece: its last packet is not to wait until those before it are acknowledged.
            smtp: smtplib.SMTP = self._provider.connection  # type: ignore[attr-defined]
            if smtp.sock is not None:
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            smtp.ehlo_or_helo_if_needed()

    def carry(self, parcel: Parcel) -> None:
        """Raises what home.mail.handover can read. A connection that had ended while it was idle is opened anew."""
        try:
            self._hand_over(parcel)
        except smtp_talk.NothingLeft:
            self.close()
            try:
                self.open()
            except OSError as error:
                raise smtp_talk.NothingLeft(error) from error
            self._hand_over(parcel)
        self._carried += 1

    def _hand_over(self, parcel: Parcel) -> None:
        if isinstance(parcel.content, ReadyMail):
            smtp_talk.hand_over(self._provider.connection, parcel.content)  # type: ignore[attr-defined]
        else:
            self._provider.send_messages([parcel.content])

    def close(self) -> None:
        self._carried = 0
        with suppress(OSError):
            self._provider.close()


class Lanes:
    """The connections of one run, opened when there is enough for them. `most`: parcels that they may have at once."""

    def __init__(self, connections: int, ahead: int = AHEAD) -> None:
        self.most = connections * ahead
        self.outstanding = 0
        self._stopped = threading.Event()
        self._connections, self._ahead = connections, ahead
        self._waiting: queue.SimpleQueue[Parcel | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    @property
    def are_open(self) -> bool:
        """False once a parcel is in doubt, or a connection could not be opened anew."""
        return not self._stopped.is_set()

    def reach(self) -> bool:
        """Connected before a mail is marked as leaving: what cannot be reached has certainly not taken it."""
        return self.are_open and (bool(self._threads) or self._start())

    def put(self, parcels: list[Parcel]) -> None:
        for parcel in parcels:
            self.outstanding += 1
            self._waiting.put(parcel)
        while len(self._threads) < min(self._connections, -(-self.outstanding // self._ahead)) and self._start():
            pass

    def take(self, at_least: int, seconds: float) -> list[Outcome]:
        """What came back: so many if they come in time, and whatever more is there already."""
        found: list[Outcome] = []
        with suppress(queue.Empty):
            while len(found) < at_least:
                found.append(self._done.get(timeout=seconds))
            while True:
                found.append(self._done.get_nowait())
        self.outstanding -= len(found)
        return found

    def close(self) -> None:
        """Nothing more leaves; connections end."""
        self._stopped.set()
        for _thread in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _start(self) -> bool:
        """One more connection. A provider that takes no more of them serves on by those that there are."""
        carrier = Carrier()
        try:
            carrier.open()
        except OSError as error:
            log.warning("the mail provider cannot be reached: %r", error)
            self._connections = len(self._threads)
            return False
        self._threads.append(threading.Thread(target=self._serve, args=(carrier,), daemon=True))
        self._threads[-1].start()
        return True

    def _serve(self, carrier: Carrier) -> None:
        while (parcel := self._waiting.get()) is not None:
            self._done.put(self._outcome(carrier, parcel))
        carrier.close()

    def _outcome(self, carrier: Carrier, parcel: Parcel) -> Outcome:
        if self._stopped.is_set():
            return Outcome(parcel, begun=False)
        try:
            carrier.open()
        except OSError as error:
            log.warning("the mail provider cannot be reached: %r", error)
            self._stopped.set()
            return Outcome(parcel, begun=False)
        try:
            carrier.carry(parcel)
        except Exception as error:  # noqa: BLE001 (home.mail.handover says what each means)
            if not isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError):
                carrier.close()
            if verdict_on(error) == Verdict.DOUBTFUL:
                self._stopped.set()
            return Outcome(parcel, begun=True, error=error)
        return Outcome(parcel, begun=True)
