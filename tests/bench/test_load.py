import socket
from contextlib import contextmanager
from threading import Thread

import pytest

from bench.answers import Answer, Broken, Reader
from bench.load import LoadFailed, aside, get, load, post, repeat


@contextmanager
def server(*scripts):
    """Listens; each connection is given the answers of its script, one a request, and closed after the last."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asked = []

        def serve():
            for script in scripts:
                connection, _ = listening.accept()
                with connection:
                    for answer in script:
                        asked.append(connection.recv(65536))
                        connection.sendall(answer)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], asked
        thread.join(5)


def answer(status=200, body=b"hello", *headers):
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_a_run_ends_after_its_requests_over_one_kept_connection():
    with server([answer()] * 3) as (port, asked):
        found = load(port, repeat(get("/fr/", "a.localhost")), clients=1, requests=3)

    assert (found.requests, found.bytes, dict(found.statuses)) == (3, 3 * len(answer()), {200: 3})
    assert asked == [b"GET /fr/ HTTP/1.1\r\nHost: a.localhost\r\n\r\n"] * 3
    assert found.reading["errors"] == 0
    assert 0 < found.reading["p50_ms"] <= found.reading["p99_ms"]


def test_each_client_has_a_story_of_its_own():
    def story(client):
        page = yield aside(get("/", "h"))
        yield post("/", "h", {"n": client, "é": "1"}, cookies=page.cookies)

    with server([answer(200, b"form", "Set-Cookie: a=b; Path=/"), answer(302, b"")]) as (port, asked):
        found = load(port, story, clients=1)

    assert found.requests == 1
    assert asked[1].splitlines()[-3:] == [b"Cookie: a=b", b"", b"n=0&%C3%A9=1"]
    assert b"Content-Length: 12\r\n" in asked[1]


def test_an_error_fails_the_run_and_is_shown():
    with server([answer(500, b"Oh no")]) as (port, _), pytest.raises(LoadFailed, match=r"500 to GET /x .*Oh no"):
        load(port, repeat(get("/x", "h")), clients=1, requests=1)


def test_an_answer_that_is_expected_is_no_error():
    with server([answer(409)]) as (port, _):
        assert load(port, repeat(get("/", "h")), clients=1, requests=1, also=frozenset({409})).statuses == {409: 1}


def test_a_get_over_a_connection_that_was_closed_in_between_is_asked_anew():
    with server([answer()], [answer()]) as (port, asked):
        assert load(port, repeat(get("/", "h")), clients=1, requests=2).requests == 2

    assert len(asked) == 2


def test_a_post_is_never_asked_twice():
    with server([answer()]) as (port, asked), pytest.raises(LoadFailed, match="No answer to POST /"):
        load(port, repeat(post("/", "h", {})), clients=1, requests=2)

    assert len(asked) == 1


def test_nobody_listening_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    assert load(port, repeat(get("/", "h")), clients=2, requests=9, forgiving=True).errors != []


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n3;x\r\nabc\r\n0\r\n\r\n"
CASES = {
    "length": (answer(200, b"hello"), b"hello"),
    "empty": (answer(200, b""), b""),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "chunks": (CHUNKED, b"0\r\n\r\nabc"),
}


@pytest.mark.parametrize(("sent", "body"), CASES.values(), ids=CASES)
def test_an_answer_is_whole_when_its_last_byte_came_however_it_came(sent, body):
    for cut in range(1, len(sent)):
        reader = Reader()
        assert reader.take(sent[:cut]) is None
        assert reader.take(sent[cut:]).body == body


def test_an_answer_without_a_length_ends_with_its_connection():
    reader = Reader()
    reader.take(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it")

    assert reader.ended().body == b"all of it"


@pytest.mark.parametrize("sent", [answer()[:-1], CHUNKED[:-5]])
def test_half_an_answer_is_none(sent):
    reader = Reader()
    reader.take(sent)

    with pytest.raises(Broken):
        reader.ended()


def test_headers_and_cookies_by_name():
    found = Answer(200, b'HTTP/1.1 200 OK\r\nETag: "1"\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2=3', b"", 0, False)

    assert (found.header("etag"), found.header("Age"), found.cookies) == ('"1"', "", {"a": "1", "b": "2=3"})
