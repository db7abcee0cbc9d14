"""The far ends of the benchmarks take everything and count it, whatever way it comes."""

import smtplib
import socket
from http.client import HTTPConnection
from urllib.parse import urlencode

from bench.sinks import sink, taken_by_mailgun, taken_by_smtp


def test_smtp_is_counted_one_by_one_and_pipelined():
    with sink("smtp") as port:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            for _number in range(3):
                smtp.sendmail("us@x.example", ["a@x.example", "b@x.example"], b"Subject: x\r\n\r\n.dots\r\n\r\n.\r\n")
        with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rb") as heard:
            line.sendall(b"EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n")
            line.sendall(b"Subject: x\r\n\r\nMAIL FROM: is text here\r\n.\r")
            line.sendall(b"\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n")
            codes = [line[:3] for line in heard.read().splitlines()]
        assert codes == [b"220", *[b"250"] * 6, b"354", b"250", b"250", b"250", b"354", b"250", b"221"]
        assert taken_by_smtp(port) == 8


def test_calls_of_mailgun_are_counted_by_their_readers():
    with sink("mailgun") as port:
        connection = HTTPConnection("127.0.0.1", port)
        for to in (["a@x.example"], [f"r{number}@x.example" for number in range(999)]):
            body = urlencode([("subject", "x"), *(("to", address) for address in to), ("text", "é" * 100_000)])
            connection.request("POST", "/v3/mg.example/messages", body)
            assert b"Queued" in connection.getresponse().read()
        connection.close()
        assert taken_by_mailgun(port) == 1000
