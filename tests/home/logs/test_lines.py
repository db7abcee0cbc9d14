"""Lines of the log: one object each, with the name of the request, and nothing of anybody."""

import json
import logging
import sys

import pytest
from django.http import HttpResponse

from home.logs import request_ids
from home.logs.lines import JsonLines, PlainLines
from home.logs.setting_up import logging_settings


def record(message, *args, exc_info=None):
    return logging.LogRecord("pledges.charging", logging.WARNING, __file__, 1, message, args, exc_info)


def test_a_line_is_an_object():
    said = json.loads(JsonLines().format(record("payment %s: %s", 12, "« refusé »")))
    assert (said["level"], said["logger"], said["message"]) == ("warning", "pledges.charging", "payment 12: « refusé »")
    assert said["at"].endswith("+00:00") and "request" not in said and "error" not in said


def test_a_line_break_makes_no_second_line():
    assert "\n" not in JsonLines().format(record("one\n%s", "two"))


@pytest.mark.parametrize("lines", [JsonLines, PlainLines])
def test_message_and_traceback_are_masked(lines):
    address = "rosalie@courriel.example"
    try:
        raise ValueError(f"no such reader: {address}")
    except ValueError:
        said = lines().format(record("mail to %s", address, exc_info=sys.exc_info()))
    assert address not in said
    assert "ValueError" in said and "Traceback" in said


def test_each_line_of_a_request_has_its_name(rf, settings):
    settings.REQUEST_ID_FROM_PROXY = False
    heard = []

    def view(request):
        heard.append(json.loads(JsonLines().format(record("hello"))))
        return HttpResponse()

    answer = request_ids.RequestIdMiddleware(view)(rf.get("/", headers={"x-request-id": "chosen-by-visitor"}))
    assert heard[0]["request"] == answer["X-Request-ID"] != "chosen-by-visitor"
    assert request_ids.current() == ""


@pytest.mark.parametrize(("given", "taken"), [("abcdef0123456789", True), ("short", False), ("a b\n{}" * 3, False)])
def test_the_proxy_s_name_is_taken_where_the_settings_say_so(rf, settings, given, taken):
    settings.REQUEST_ID_FROM_PROXY = True
    request = rf.get("/")
    request.META["HTTP_X_REQUEST_ID"] = given
    answer = request_ids.RequestIdMiddleware(lambda request: HttpResponse())(request)
    assert (answer["X-Request-ID"] == given) is taken


def test_no_logger_writes_past_the_masking():
    """Django's own would mail whole requests, with forms and cookies; uvicorn's would write whole addresses."""
    made = logging_settings("json")
    assert {name for name, one in made["loggers"].items() if one.get("handlers")} == set()
    assert made["loggers"]["django"]["handlers"] == [] and made["loggers"]["uvicorn.access"]["propagate"] is False
    assert logging.getLogger("django").handlers == []


def test_another_format_is_refused():
    with pytest.raises(KeyError):
        logging_settings("xml")
