"""Where an answer leads that is no redirect: a page that opens the next one by itself."""


def led_to(answer):
    assert answer.status_code == 200
    return answer["Refresh"].removeprefix("0; url=")
