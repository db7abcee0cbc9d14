"""The list of mailings asks the database as often for three updates as for one."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from home.models import Role
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, tell
from updates.enums import MissingLanguage
from updates.sending import send_news


def test_the_list_of_mailings_takes_the_same_queries_with_more_rows(on_host, cooperative, campaign, inside):
    user = make_user(cooperative, Role.EDITOR)
    client = on_host(cooperative)
    client.force_login(user)
    tell(make_pledge(campaign).backer, campaign)

    def publish_and_send(title):
        send_news(make_update(campaign, title=title), by=user, missing_language=MissingLanguage.NONE)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            rows = client.get(reverse("updates_mailings")).context_data["rows"]
        return len(captured), [(update.title, page.locale_id, made[0][1].total) for update, page, made in rows]

    publish_and_send("Un")
    queries()
    once, _rows = queries()
    publish_and_send("Deux"), publish_and_send("Trois")
    thrice, rows = queries()
    source = campaign.source_locale_id
    assert rows == [("Trois", source, 1), ("Deux", source, 1), ("Un", source, 1)]
    assert once == thrice
