"""An invitation is for one address, a week and one use; it gives a role, and tells strangers nothing."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from home import clock
from home.cooperatives.founding import welcome
from home.links import LinkRefused
from home.mail import composing
from home.models import AuditEntry, Invitation, OutgoingMail, Role, User
from home.people import inviting, team
from home.queries import roles_of
from home.tenancy import across_cooperatives, within
from tests.factories.cooperatives import make_user

NEW = "Nouvelle@Exemple.example"
KEY = "nouvelle@exemple.example"
PERSON = {"first_name": "Noémie", "last_name": "Roy", "password": "une meule qui tourne"}


@pytest.fixture
def owner(cooperative):
    return make_user(cooperative, Role.OWNER)


def invited(cooperative, by, email=NEW, role=Role.EDITOR):
    """The path of the link in the mail that leaves."""
    with within(cooperative):
        inviting.invite(cooperative, email, role, by)
    return latest_link()


def latest_link():
    with across_cooperatives():
        mail = OutgoingMail.objects.select_related("cooperative__site", "user").filter(kind="invitation").latest("pk")
    with within(mail.cooperative):
        found = re.search(r"https?://\S+/invitation/\S+", composing.compose(mail).body)
    return urlsplit(found[0]).path


def at(cooperative, user=None):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="fr")
    if user:
        client.force_login(user)
    return client


def words_of(answer):
    return re.search(r"<main.*</main>", answer.content.decode(), re.DOTALL)[0]


def test_someone_new_gives_a_name_and_a_password_once(cooperative, owner):
    path = invited(cooperative, owner)
    page = at(cooperative).get(path).content.decode()
    assert ("Rédaction" in page, KEY in page, User.objects.filter(email=KEY).exists()) == (True, True, False)
    answer = at(cooperative).post(path, PERSON)
    assert (answer.status_code, answer.url) == (302, reverse("wagtailadmin_login"))
    user = User.objects.get(email=KEY)
    assert (str(user), user.check_password(PERSON["password"])) == ("Noémie Roy", True)
    assert roles_of(user, cooperative) == {Role.EDITOR}
    assert [group.name for group in user.groups.all()] == ["meule · editor"]
    assert at(cooperative).post(path, PERSON).status_code == 404
    with within(cooperative):
        entries = list(AuditEntry.objects.order_by("pk").values_list("act", "actor_id", "facts__person"))
    assert entries == [
        ("member_invited", owner.pk, KEY),
        ("invitation_accepted", user.pk, f"Noémie Roy <{KEY}>"),
    ]
    client = at(cooperative)
    assert client.login(username=KEY, password=PERSON["password"])
    assert client.get(reverse("wagtailadmin_home")).status_code == 200


def test_a_weak_password_is_told_at_its_field_and_names_are_kept(cooperative, owner):
    path = invited(cooperative, owner)
    for weak in ("bref!", "1234567890", "nouvelle@exemple"):
        page = at(cooperative).post(path, PERSON | {"password": weak}).content.decode()
        assert 'id="id_password_error"' in page, weak
        assert 'value="Noémie"' in page
        assert f'value="{weak}"' not in page
    page = at(cooperative).post(path, {}).content.decode()
    assert [f'id="id_{name}_error"' in page for name in PERSON] == [True] * 3
    assert not User.objects.filter(email=KEY).exists()


def test_someone_with_an_account_logs_in_first(cooperative, outsider, owner):
    known = make_user(outsider, Role.ADVISER, KEY)
    path = invited(cooperative, owner, role=Role.ADVISER)
    page = at(cooperative).get(path).content.decode()
    assert f"{reverse('wagtailadmin_login')}?next=" in page
    assert 'type="password"' not in page
    at(cooperative).post(path, PERSON)
    assert roles_of(known, cooperative) == set()
    client = at(cooperative, known)
    client.get(path)
    assert roles_of(known, cooperative) == set()
    assert client.post(path).url == reverse("wagtailadmin_home")
    assert (roles_of(known, cooperative), roles_of(known, outsider)) == ({Role.ADVISER}, {Role.ADVISER})


def test_it_is_for_its_own_address(cooperative, owner):
    other = make_user(cooperative, Role.ADVISER, "autre@exemple.example")
    path = invited(cooperative, owner, role=Role.OWNER)
    assert "une autre adresse" in at(cooperative, other).get(path).content.decode()
    at(cooperative, other).post(path, PERSON)
    assert roles_of(other, cooperative) == {Role.ADVISER}
    with within(cooperative), pytest.raises(LinkRefused):
        inviting.accept(cooperative, path.split("/")[-2], other)
    assert not User.objects.filter(email=KEY).exists()


def test_whatever_is_wrong_answers_alike(cooperative, outsider, owner):
    path = invited(cooperative, owner)
    token = path.split("/")[-2]
    broken = [path.replace(token, "x"), path.replace(token, token[:-2] + "zz")]
    said = {words_of(at(cooperative).post(one, PERSON)) for one in broken}
    answers = [at(cooperative).post(one, PERSON).status_code for one in broken]
    answers.append(at(outsider).post(path, PERSON).status_code)
    with time_machine.travel(clock.now() + timedelta(days=7, seconds=1), tick=False):
        late = at(cooperative).post(path, PERSON)
    with within(cooperative):
        inviting.revoke(Invitation.objects.get(), owner)
    revoked = at(cooperative).get(path)
    assert (answers, late.status_code, revoked.status_code) == ([404] * 3, 404, 404)
    assert said == {words_of(late)} == {words_of(revoked)}
    assert not User.objects.filter(email=KEY).exists()


def test_twice_refreshes_what_waits_and_closes_the_former_link(cooperative, outsider, owner):
    first = invited(cooperative, owner)
    second = invited(cooperative, owner, email=f"  {KEY} ".strip(), role=Role.TREASURER)
    theirs = invited(outsider, make_user(outsider, Role.OWNER))
    with across_cooperatives():
        rows = list(Invitation.objects.order_by("pk").values_list("cooperative", "email", "role"))
        assert rows == [(cooperative.pk, KEY, Role.TREASURER), (outsider.pk, KEY, Role.EDITOR)]
        assert OutgoingMail.objects.filter(kind="invitation", address=KEY, user=None).count() == 3
    with within(cooperative):
        inviting.again(Invitation.objects.get(), owner)
    third = latest_link()
    answers = [at(cooperative).get(one).status_code for one in (first, second, third)]
    assert (answers, at(outsider).get(theirs).status_code) == ([404, 404, 200], 200)


def test_members_are_not_invited_and_only_the_direction_invites(cooperative, outsider, owner):
    make_user(cooperative, Role.EDITOR, "membre@meule.example")
    strangers = [make_user(cooperative, role) for role in Role if role != Role.OWNER]
    strangers.append(make_user(outsider, Role.OWNER))
    with within(cooperative):
        for email in ("Membre@meule.example", owner.email):
            with pytest.raises(team.TeamRefused, match="member"):
                inviting.invite(cooperative, email, Role.TREASURER, owner)
        for stranger in strangers:
            with pytest.raises(team.TeamRefused, match="not_owner"):
                inviting.invite(cooperative, NEW, Role.EDITOR, stranger)
        assert not Invitation.objects.exists()


def test_who_became_a_member_meanwhile_gains_nothing_more(cooperative, owner):
    path = invited(cooperative, owner, role=Role.OWNER)
    known = make_user(email=KEY)
    welcome(known, cooperative, Role.EDITOR)
    assert at(cooperative, known).post(path).status_code == 404
    assert roles_of(known, cooperative) == {Role.EDITOR}
