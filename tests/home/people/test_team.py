"""The direction decides who works in its cooperative, and in no other; one owner always stays."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Page

from home import outbox
from home.cooperatives import twins
from home.cooperatives.founding import welcome
from home.mail.registry import kind_of
from home.models import AuditEntry, HomePage, Invitation, MailState, Membership, OutgoingMail, Role
from home.people import inviting, team
from home.queries import roles_of
from home.tenancy import within
from tests.factories.campaigns import make_campaign_page
from tests.factories.cooperatives import make_cooperative, make_user
from tests.threads import in_threads, scoped


@pytest.fixture
def owner(cooperative):
    return make_user(cooperative, Role.OWNER, last_name="Roy")


def at(cooperative, user, language="en"):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(user)
    return client


def entries(cooperative):
    with within(cooperative):
        return list(AuditEntry.objects.order_by("pk").values_list("act", "facts"))


def test_someone_removed_is_out_at_once_and_what_they_wrote_stays(cooperative, outsider, owner):
    adviser = make_user(cooperative, Role.ADVISER, "conseil@exemple.example")
    welcome(adviser, cooperative, Role.EDITOR)
    welcome(adviser, outsider, Role.ADVISER)
    page = HomePage.objects.get(pk=cooperative.site.root_page_id)
    page.save_revision(user=adviser)
    with within(cooperative):
        outbox.queue(kind_of("sender_check"), cooperative=cooperative, subject_key="x", to=adviser)
    theirs = at(cooperative, adviser)
    assert theirs.get(reverse("wagtailadmin_home")).status_code == 200
    assert theirs.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).status_code == 200
    answer = at(cooperative, owner).post(reverse("team_member", args=[adviser.pk]), {"act": "remove"})
    assert (answer.status_code, answer.url) == (302, reverse("team"))
    assert theirs.get(reverse("wagtailadmin_home")).url == outsider.root_url + reverse("wagtailadmin_home")
    assert theirs.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).url.startswith(outsider.root_url)
    assert (roles_of(adviser, cooperative), roles_of(adviser, outsider)) == (set(), {Role.ADVISER})
    assert [group.name for group in adviser.groups.all()] == ["large · adviser"]
    assert Page.objects.get(pk=page.pk).latest_revision.user == adviser
    with within(cooperative):
        assert OutgoingMail.objects.get(kind="sender_check").state == MailState.CANCELLED
    facts = {"person": "Adviser <conseil@exemple.example>", "before": ["adviser", "editor"], "after": []}
    assert entries(cooperative) == [("member_removed", facts)]


def test_who_belongs_nowhere_any_more_opens_no_admin(cooperative, owner):
    editor = make_user(cooperative, Role.EDITOR)
    theirs = at(cooperative, editor)
    with within(cooperative):
        team.remove(cooperative, editor, by=owner)
    assert theirs.get(reverse("wagtailadmin_home")).url.startswith(reverse("wagtailadmin_login"))


def test_roles_are_exactly_those_chosen_and_written_down_once(cooperative, owner):
    editor = make_user(cooperative, Role.EDITOR)
    address = reverse("team_member", args=[editor.pk])
    for _time in range(2):
        at(cooperative, owner).post(address, {"act": "roles", "roles": ["adviser", "treasurer"]})
    assert roles_of(editor, cooperative) == {Role.ADVISER, Role.TREASURER}
    assert sorted(group.name for group in editor.groups.all()) == ["meule · adviser", "meule · treasurer"]
    facts = {"person": "Editor <editor@meule.example>", "before": ["editor"], "after": ["adviser", "treasurer"]}
    assert entries(cooperative) == [("roles_changed", facts)]
    page = at(cooperative, owner).post(address, {"act": "roles"}).content.decode()
    assert "Choose at least one role" in page
    at(cooperative, owner).post(address, {"act": "roles", "roles": ["emperor"]})
    assert roles_of(editor, cooperative) == {Role.ADVISER, Role.TREASURER}


def test_nobody_gives_themselves_more_and_the_last_owner_stays(cooperative, owner):
    address = reverse("team_member", args=[owner.pk])
    client = at(cooperative, owner)
    gained = client.post(address, {"act": "roles", "roles": ["owner", "treasurer"]}).content.decode()
    lost = client.post(address, {"act": "roles", "roles": ["editor", "owner"]}).content.decode()
    assert ("Nobody gives themselves" in gained, "Nobody gives themselves" in lost) == (True, True)
    assert "keeps at least one person" in client.post(address, {"act": "remove"}).content.decode()
    make_user(cooperative, Role.OWNER, "away@meule.example", is_active=False)
    welcome(owner, cooperative, Role.EDITOR)
    assert "keeps at least one" in client.post(address, {"act": "roles", "roles": ["editor"]}).content.decode()
    assert (roles_of(owner, cooperative), entries(cooperative)) == ({Role.OWNER, Role.EDITOR}, [])
    second = make_user(cooperative, Role.OWNER, "second@meule.example")
    at(cooperative, second).post(address, {"act": "roles", "roles": ["editor"]})
    assert roles_of(owner, cooperative) == {Role.EDITOR}
    assert client.get(reverse("team")).status_code == 302


def test_invitations_of_someone_who_leaves_the_direction_lead_nowhere(cooperative, owner):
    second = make_user(cooperative, Role.OWNER, "second@meule.example")
    with within(cooperative):
        inviting.invite(cooperative, "retour@exemple.example", Role.OWNER, second)
        inviting.invite(cooperative, "autre@exemple.example", Role.EDITOR, owner)
        team.set_roles(cooperative, second, {Role.EDITOR}, by=owner)
        assert list(Invitation.objects.filter(revoked_at=None).values_list("email")) == [("autre@exemple.example",)]


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADVISER, Role.TREASURER])
def test_only_the_direction_opens_the_team(cooperative, owner, role):
    client = at(cooperative, make_user(cooperative, role))
    with within(cooperative):
        invitation = inviting.invite(cooperative, "x@exemple.example", Role.EDITOR, owner)
    asked = [
        client.post(reverse("team"), {"email": "y@exemple.example", "role": "editor", "language": "fr"}),
        client.post(reverse("team_member", args=[owner.pk]), {"act": "remove"}),
        client.post(reverse("team_invitation", args=[invitation.pk]), {"act": "revoke"}),
        client.get(reverse("team")),
    ]
    assert [answer.status_code for answer in asked] == [302] * 4
    with within(cooperative):
        assert Invitation.objects.filter(revoked_at=None).count() == 1
    assert roles_of(owner, cooperative) == {Role.OWNER}
    assert reverse("team") not in client.get(reverse("wagtailadmin_home")).content.decode()


def test_another_team_is_out_of_reach(cooperative, outsider, owner):
    theirs = make_user(outsider, Role.EDITOR, "zanzibar@large.example")
    with within(outsider):
        boss = make_user(outsider, Role.OWNER)
        invitation = inviting.invite(outsider, "zanzibar-2@exemple.example", Role.EDITOR, boss)
    client = at(cooperative, owner)
    assert client.get("/en" + reverse("team_member", args=[theirs.pk])).status_code == 404
    client.post(reverse("team_member", args=[theirs.pk]), {"act": "remove"})
    client.post(reverse("team_member", args=[10**20]), {"act": "remove"})
    client.post(reverse("team_invitation", args=[invitation.pk]), {"act": "revoke"})
    with within(cooperative), pytest.raises(team.TeamRefused, match="not_owner"):
        team.remove(outsider, theirs, by=owner)
    assert roles_of(theirs, outsider) == {Role.EDITOR}
    with within(outsider):
        assert Invitation.objects.get().revoked_at is None
    assert "zanzibar" not in client.get(reverse("team")).content.decode()


def test_the_page_says_who_and_who_is_awaited(cooperative, owner):
    page = at(cooperative, owner, "fr").post(
        reverse("team"), {"email": "nouvelle@exemple.example", "role": "adviser", "language": "en"}, follow=True
    )
    words = page.content.decode()
    assert [one in words for one in ("nouvelle@exemple.example", "Owner Roy", "lit les dossiers")] == [True] * 3
    assert reverse("team") in words
    with within(cooperative):
        found = Invitation.objects.get()
        assert (found.role, found.language, OutgoingMail.objects.get().language) == (Role.ADVISER, "en", "en")
    client = at(cooperative, owner)
    assert (
        "is of the team already"
        in client.post(reverse("team"), {"email": owner.email, "role": "adviser", "language": "fr"}).content.decode()
    )
    for act in ("again", "revoke"):
        client.post(reverse("team_invitation", args=[found.pk]), {"act": act})
    assert [act for act, _facts in entries(cooperative)] == ["member_invited", "invitation_again", "invitation_revoked"]
    assert "nouvelle@exemple.example" not in client.get(reverse("team")).content.decode().split("</header>")[-1]


def test_a_log_in_is_told_to_the_team_where_it_was(cooperative, outsider, owner):
    welcome(owner, outsider, Role.EDITOR)
    client = Client(HTTP_HOST=cooperative.site.hostname)
    client.post(reverse("account_login"), {"login": owner.email, "password": "secret"})
    known = {one.cooperative_id: one.last_login_at is not None for one in Membership.objects.filter(user=owner)}
    assert known == {cooperative.pk: True, outsider.pk: False}


def test_the_team_costs_as_many_queries_however_large(cooperative, owner):
    def queries():
        client = at(cooperative, owner)
        client.get(reverse("team"))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(reverse("team")).status_code == 200
        return len(asked)

    def grow(number):
        make_user(cooperative, Role.EDITOR, f"e{number}@meule.example")
        with within(cooperative):
            inviting.invite(cooperative, f"i{number}@exemple.example", Role.EDITOR, owner)

    grow(1)
    one = queries()
    grow(2)
    grow(3)
    assert queries() == one


def test_of_two_owners_who_remove_each_other_one_stays(cooperative, owner):
    """SQLite has one writer at a time: who comes second finds what the first has written."""
    second = make_user(cooperative, Role.OWNER, "second@meule.example")
    with within(cooperative):
        team.remove(cooperative, second, by=owner)
        with pytest.raises(team.TeamRefused, match="not_owner"):
            team.remove(cooperative, owner, by=second)
    assert roles_of(owner, cooperative) == {Role.OWNER}


@pytest.mark.postgres
def test_at_the_same_moment_too(transactional_db):
    cooperative = make_cooperative("meule")
    first, second = (make_user(cooperative, Role.OWNER, f"{name}@meule.example") for name in ("a", "b"))

    def remove(whom, by):
        team.remove(cooperative, whom, by=by)

    errors = in_threads(scoped(cooperative, remove, first, second), scoped(cooperative, remove, second, first))
    assert [getattr(error, "obstacle", error) for error in errors] == [team.Obstacle.NOT_OWNER]
    assert Membership.objects.filter(cooperative=cooperative, role=Role.OWNER).count() == 1
    assert [act for act, _facts in entries(cooperative)] == ["member_removed"]


def test_who_leaves_takes_nothing_of_the_rehearsal_along(cooperative, outsider, owner):
    """Wagtail shows its pages by group, at any host: also at that of another cooperative where they work still."""
    editor = make_user(cooperative, Role.EDITOR)
    welcome(editor, outsider, Role.EDITOR)
    welcome(editor, cooperative, Role.ADVISER)
    twin = twins.found_twin(cooperative)
    twins.enter(twin, editor)
    page = make_campaign_page(twin, publish=False, title="Le four secret")
    theirs, address = at(outsider, editor), reverse("wagtailadmin_pages:edit", args=[page.pk])
    assert theirs.get(address).status_code == 200
    with within(cooperative):
        team.set_roles(cooperative, editor, {Role.ADVISER}, by=owner)
    assert theirs.get(address).status_code == 302
    assert sorted(group.name for group in editor.groups.all()) == ["large · editor", "meule · adviser"]
    twin.refresh_from_db()
    assert twin.rehearsed_by is None


def test_the_team_is_changed_by_someone_who_has_just_proved_who_they_are(cooperative, owner, settings):
    """Else a session left open would invite a treasurer of its own, who is asked for nothing more."""
    settings.RECENT_LOGIN_WITHIN = timedelta(minutes=15)
    client = at(cooperative, owner)
    with within(cooperative):
        invitation = inviting.invite(cooperative, "x@exemple.example", Role.EDITOR, owner)
    editor = make_user(cooperative, Role.EDITOR)
    asked = [
        client.post(reverse("team"), {"email": "y@exemple.example", "role": "owner", "language": "fr"}),
        client.post(reverse("team_member", args=[editor.pk]), {"act": "remove"}),
        client.post(reverse("team_invitation", args=[invitation.pk]), {"act": "again"}),
    ]
    assert [answer.url.partition("?")[0] for answer in asked] == ["/admin/confirm/"] * 3
    assert client.get(reverse("team")).status_code == 200
    assert [entry for entry in entries(cooperative) if entry[0] != "member_invited"] == []
    with within(cooperative):
        assert Invitation.objects.count() == 1
