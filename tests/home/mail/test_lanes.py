"""Several connections at once, against a real SMTP server: kept, opened anew, and nobody's mail lost or doubled."""

import smtplib
from collections import Counter

import pytest

from home.mail import lanes, smtp_talk
from home.mail.lanes import Lanes, Parcel
from home.mail.moulds import ReadyMail
from tests.home.far_end import free_port, provider_running


@pytest.fixture
def provider(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    with provider_running(settings.EMAIL_PORT) as running:
        yield running


def parcel(number):
    data = f"To: r{number}@x.example\r\nMessage-ID: <{number}@x>\r\n\r\nHello.\r\n..\r\n".encode()
    return Parcel([], ReadyMail("Us <us@x.example>", f"r{number}@x.example", data))


def carried(count, connections):
    """What came of so many parcels."""
    running, outcomes = Lanes(connections), []
    assert running.reach()
    try:
        running.put([parcel(number) for number in range(count)])
        while running.outstanding:
            outcomes += running.take(1, seconds=20)
    finally:
        running.close()
    return outcomes


def test_many_leave_over_a_few_connections_that_are_kept(provider):
    outcomes = carried(40, 4)
    assert [(one.begun, one.error) for one in outcomes] == [(True, None)] * 40
    assert sorted(provider.addresses) == sorted(f"r{number}@x.example" for number in range(40))
    assert provider.connections == 4
    assert provider.taken[0].get_payload() == "Hello.\r\n.\r\n"


def test_few_open_one_connection(provider):
    assert len(carried(3, 4)) == 3
    assert provider.connections == 1


def test_a_connection_is_opened_anew_after_as_many_as_the_provider_takes(provider, settings):
    settings.MAIL_PER_CONNECTION = 4
    carried(10, 1)
    assert (len(provider.taken), provider.connections) == (10, 3)


def test_a_refused_recipient_leaves_the_connection_to_the_others(provider):
    provider.refused_addresses = {"r1@x.example": 550, "r2@x.example": 452}
    outcomes = {one.parcel.content.recipient: one.error for one in carried(4, 1)}
    assert {address: type(error) for address, error in outcomes.items() if error} == {
        "r1@x.example": smtplib.SMTPRecipientsRefused,
        "r2@x.example": smtplib.SMTPRecipientsRefused,
    }
    assert (sorted(provider.addresses), provider.connections) == (["r0@x.example", "r3@x.example"], 1)


def test_after_a_silence_nothing_more_is_begun(provider):
    provider.answers = ["take and vanish"]
    outcomes = carried(4, 1)
    assert Counter((one.begun, one.error is not None) for one in outcomes) == {(True, True): 1, (False, False): 3}
    assert len(provider.taken) == 1


def test_a_connection_that_ended_while_idle_costs_nothing(provider):
    """The provider hung up before the content: the mail leaves over another connection, and is in no doubt."""
    carrier = lanes.Carrier()
    carrier.open()
    carrier._provider.connection.sock.shutdown(2)
    carrier.carry(parcel(1))
    carrier.close()
    assert (provider.addresses, provider.connections) == (["r1@x.example"], 2)


def test_what_cannot_be_reached_is_not_begun(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert not Lanes(4).reach()


def test_an_address_that_smtp_cannot_write_is_refused_before_it_is_said(provider, settings):
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as smtp:
        smtp.ehlo()
        with pytest.raises(ValueError, match="no address"):
            smtp_talk.hand_over(smtp, ReadyMail("us@x.example", "é@x.example", b"\r\n"))
    assert provider.taken == []
