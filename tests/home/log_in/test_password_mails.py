"""A forgotten password is asked for at a cooperative's host, in its name, and betrays nobody."""

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from home.mail import composing
from home.models import OutgoingMail, Role, User
from home.people import inviting
from home.tenancy import across_cooperatives, within
from tests.factories.cooperatives import make_user


def asked(cooperative, email):
    client = Client(HTTP_HOST=cooperative.site.hostname)
    return client.post(reverse("wagtailadmin_password_reset"), {"email": email}, follow=True)


def written():
    with across_cooperatives():
        return list(OutgoingMail.objects.filter(kind="password_reset").values_list("cooperative", "address"))


def test_the_link_leads_to_the_host_it_was_asked_at_and_serves_once(cooperative):
    editor = make_user(cooperative)
    for _time in range(2):
        assert asked(cooperative, editor.email).status_code == 200
    assert written() == [(cooperative.pk, editor.email)]
    with within(cooperative):
        mail = OutgoingMail.objects.select_related("cooperative__site", "user").get()
        message = composing.compose(mail)
    assert "La Meule commune" in message.body
    link = urlsplit(re.search(r"http\S+/password_reset/confirm/\S+", message.body)[0])
    assert link.hostname == cooperative.site.hostname
    client = Client(HTTP_HOST=cooperative.site.hostname)
    form = client.get(link.path, follow=True)
    said = {"new_password1": "une meule qui tourne", "new_password2": "une meule qui tourne"}
    weak = client.post(form.redirect_chain[-1][0], dict.fromkeys(said, "secret"))
    assert weak.context["form"].errors
    client.post(form.redirect_chain[-1][0], said)
    assert User.objects.get().check_password("une meule qui tourne")
    again = Client(HTTP_HOST=cooperative.site.hostname).get(link.path, follow=True)
    assert again.context["validlink"] is False


def test_each_page_on_the_way_names_the_house_and_leads_on(cooperative):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="fr")
    ask, log_in = reverse("wagtailadmin_password_reset"), reverse("wagtailadmin_login")
    over = reverse("wagtailadmin_password_reset_confirm", args=["x", "y-z"])
    ways = {ask: log_in, reverse("wagtailadmin_password_reset_done"): log_in, over: ask}
    ways |= {reverse("wagtailadmin_password_reset_complete"): log_in}
    for page, way in ways.items():
        html = client.get(page).content.decode()
        assert "La Meule commune" in html, page
        assert f'href="{way}"' in html, page


def test_whoever_works_elsewhere_or_nowhere_is_not_written_to_and_the_page_says_the_same(cooperative, outsider):
    theirs, ours = make_user(outsider), make_user(cooperative, Role.OWNER)
    gone = make_user(email="gone@exemple.example")
    pages = {
        re.search(r"<main.*</main>", asked(cooperative, email).content.decode(), re.DOTALL)[0]
        for email in (theirs.email, ours.email, gone.email, "inconnu@exemple.example")
    }
    assert (len(pages), written()) == (1, [(cooperative.pk, ours.email)])
    with within(cooperative):
        inviting.invite(cooperative, gone.email, Role.EDITOR, ours)
    asked(cooperative, gone.email)
    assert written() == [(cooperative.pk, ours.email), (cooperative.pk, gone.email)]


@pytest.mark.django_db
def test_a_flood_from_one_network_is_held_back(cooperative):
    client = Client(HTTP_HOST=cooperative.site.hostname, REMOTE_ADDR="192.0.2.7")
    for number in range(12):
        user = make_user(cooperative, email=f"e{number}@meule.example")
        client.post(reverse("wagtailadmin_password_reset"), {"email": user.email})
    assert len(written()) == 10
