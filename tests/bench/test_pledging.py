"""What the clients of bench/pledging.py say, without a server: a form opened once, then agreed to as other people."""

from urllib.parse import parse_qs

from bench.answers import Answer
from bench.pledging import Answers, agreeing, writing
from bench.pledging_shop import Offered

TIERS = [Offered(campaign, 10 * campaign, 3000) for campaign in (1, 2)]


def page(token):
    body = f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'.encode()
    return Answer(200, b"HTTP/1.1 200 OK\r\nSet-Cookie: __Host-csrftoken=abc; Path=/", body, len(body), False)


def led_on(address):
    return Answer(303, f"HTTP/1.1 303 See Other\r\nLocation: {address}".encode(), b"", 0, False)


def asked(request):
    """Its line, what it posts, and its whole head."""
    head, _, body = request.decode().partition("\r\n\r\n")
    return head.split(" HTTP", 1)[0], {name: values[0] for name, values in parse_qs(body).items()}, head


def test_a_client_opens_the_form_once_and_agrees_as_somebody_new_each_time():
    answers = Answers()
    story = agreeing(TIERS, answers, returns=False)(0)
    assert asked(next(story))[0] == "GET /fr/contribuer/1/"
    line, review, _head = asked(story.send(page("of the form")))
    assert (line, review["csrfmiddlewaretoken"]) == ("POST /fr/contribuer/1/verification/", "of the form")
    assert "confirm" not in review
    first, second = asked(story.send(page("of the review"))), asked(story.send(led_on("https://x.example/")))
    assert first[1]["confirm"] == "1" and first[1]["csrfmiddlewaretoken"] == "of the review"
    assert "Cookie: __Host-csrftoken=abc" in first[2]
    for name in ("email", "attempt"):
        assert first[1][name] != second[1][name]
    assert (answers.accepted, answers.refused) == (1, 0)


def test_who_comes_back_asks_for_what_the_page_leads_to_and_who_is_refused_does_not():
    answers = Answers()
    story = agreeing(TIERS, answers, returns=True)(1)
    next(story)
    story.send(page("of the form"))
    assert asked(story.send(page("of the review")))[0] == "POST /fr/contribuer/2/verification/"
    assert asked(story.send(led_on("https://meule.localhost/fr/contribuer/retour/5/")))[0] == (
        "GET /fr/contribuer/retour/5/"
    )
    assert asked(story.send(page("thanks")))[0].startswith("POST")
    assert asked(story.send(page("sold out")))[0].startswith("POST")
    assert (answers.accepted, answers.refused) == (1, 1)


def test_the_bare_view_is_asked_for_the_same_tier():
    story = writing(TIERS, Answers(), returns=False)(1)
    assert asked(next(story))[0] == "POST /pledge/2/20/"
