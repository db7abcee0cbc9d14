"""Surveys on screen: written and opened by an editor, answered by a backer, each in their own language and place."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from home import clock
from home.models import OutgoingMail, Role
from home.tenancy import across_cooperatives, within
from pledges import surveys
from pledges.enums import SurveyState
from pledges.fulfilment import today_in
from pledges.links import contribution_token
from pledges.models import DeliveryAddress, Survey, SurveyAnswer, SurveyReply
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.factories.surveys import make_survey
from tests.pledges.test_admin import english, login, text_of  # noqa: F401 (a fixture)

ADDRESS = {
    "recipient": "Rosalie Tremblay",
    "line1": "12, rue du Moulin",
    "city": "Saint-Aurèle",
    "postal_code": "g0l0x0",
    "country": "CA",
}


@pytest.fixture
def campaign(cooperative):
    return make_campaign(cooperative, tiers=[tier("Chandail", 3000), tier("Pain", 2000, handover="pickup")])


@pytest.fixture
def shirt(campaign):
    with within(campaign.cooperative):
        return campaign.rewards.order_by("position").first()


@pytest.fixture
def visitor(cooperative, on_host):
    return on_host(cooperative)


def page_of(pledge, survey, language="en"):
    with translation.override(language):
        return reverse("contribution_survey", args=[contribution_token(pledge), survey.pk])


def field_names(survey, item, count=1):
    return [
        f"answer_{item.pk}_{number}_{question.pk}"
        for number in range(1, count + 1)
        for question in survey.questions.all()
    ]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_shows_it_until_answered_and_a_get_changes_nothing(visitor, campaign, shirt, language, everywhere):
    pledge = make_pledge(campaign, rewards=[(shirt, 2)])
    survey = make_survey(shirt, opened=True)
    with translation.override(language):
        own = reverse("contribution", args=[contribution_token(pledge)])
    url = page_of(pledge, survey, language)
    needs, saved = {
        "fr": ("Il nous faut vos choix pour", "Modifier mes choix"),
        "en": ("We need your choices for", "Change my choices"),
    }[language]
    assert needs in text_of(visitor.get(own))
    for _again in range(3):
        assert visitor.get(url).status_code == 200
        assert visitor.head(url).status_code == 200
    assert not SurveyReply.objects.exists()
    one, two, three, four = field_names(survey, pledge.items.get(), 2)
    small, large = survey.questions.first().options.all()[0], survey.questions.first().options.all()[2]
    response = visitor.post(url, {one: small.pk, two: "  Rose   T. ", three: large.pk, four: ""})
    assert (response.status_code, response["Location"]) == (303, own + "?choices")
    answers = SurveyAnswer.objects.order_by("number", "question").values_list("number", "option", "text")
    assert list(answers) == [(1, small.pk, ""), (1, None, "Rose T."), (2, large.pk, ""), (2, None, "")]
    page = text_of(visitor.get(own))
    assert saved in page and needs not in page and "Rose T." in page
    assert f'value="{large.pk}" id="id_{three}_2" checked' in visitor.get(url).content.decode().replace(" required", "")


def test_what_is_missing_is_said_at_its_field_and_what_was_typed_is_kept(visitor, campaign, shirt, everywhere):
    pledge = make_pledge(campaign)
    survey = make_survey(shirt, asks_address=True, opened=True)
    size, name = field_names(survey, pledge.items.get())
    url = page_of(pledge, survey)
    response = visitor.post(url, {size: "99999999", name: "Rose", **ADDRESS, "postal_code": "nope"})
    body = response.content.decode()
    assert response.status_code == 200
    assert f'id="id_{size}_error"' in body and 'id="id_postal_code_error"' in body
    assert f'href="#id_{size}"' in body and f'id="id_{size}"' in body
    assert 'value="Rose"' in body and 'value="nope"' in body
    assert not SurveyReply.objects.exists() and not DeliveryAddress.objects.exists()
    option = survey.questions.first().options.first()
    assert visitor.post(url, {size: option.pk, name: "Rose", **ADDRESS}).status_code == 303
    address = DeliveryAddress.objects.get()
    assert (address.postal_code, address.lock_on) == ("G0L 0X0", survey.lock_on)


def test_a_locked_survey_shows_what_was_chosen_and_takes_nothing(visitor, campaign, shirt, everywhere):
    pledge = make_pledge(campaign)
    survey = make_survey(shirt, opened=True)
    size, _name = field_names(survey, pledge.items.get())
    surveys.lock(survey)
    url = page_of(pledge, survey)
    page = text_of(visitor.get(url))
    assert "These choices were locked" in page and "Medium" in page
    large = survey.questions.first().options.last()
    assert visitor.post(url, {size: large.pk}).status_code == 200
    assert not SurveyReply.objects.exists()


def test_another_s_survey_is_not_found(visitor, campaign, shirt, outsider, everywhere):
    bread = campaign.rewards.order_by("position")[1]
    pledge = make_pledge(campaign, rewards=[(bread, 1)])
    make_pledge(campaign)
    theirs = make_campaign(outsider, title="Phare", tiers=[tier("Phare", 1000)])
    for survey in (make_survey(shirt, opened=True), make_survey(theirs.rewards.get(), opened=True), make_survey(bread)):
        assert visitor.get(page_of(pledge, survey)).status_code == 404
    assert visitor.post(page_of(pledge, Survey.objects.first()), {}).status_code == 404


# The team


@pytest.fixture
def editor(login):  # noqa: F811 (the fixture)
    return english(login("editor"))


def option_fields(*pairs):
    return {
        f"option_{language}_{number}": text
        for number, pair in enumerate(pairs)
        for language, text in zip(("fr", "en"), pair, strict=True)
    }


def test_an_editor_writes_previews_and_opens_a_survey(editor, campaign, shirt, cooperative):
    make_pledge(campaign, email="une@c.example", backer_name="Rosalie Tremblay")
    lock_on = (today_in(cooperative) + timedelta(days=20)).isoformat()
    response = editor.post(
        reverse("pledges_survey_add"),
        {"reward": shirt.pk, "lock_on": lock_on, "intro_fr": "Bonjour", "intro_en": "Hello there"},
    )
    with within(cooperative):
        survey = Survey.objects.get()
    own = reverse("pledges_survey", args=[survey.pk])
    assert (response.status_code, response["Location"]) == (302, own)
    assert "Write at least one question" in text_of(editor.get(own))
    asked = {"kind": "choice", "label_fr": "Taille", "label_en": "Size", "required": "on", "default": 2}
    sizes = option_fields(("Petit", "Small"), ("", ""), ("Grand", "Large"))
    assert editor.post(reverse("pledges_survey_question_add", args=[survey.pk]), asked | sizes).status_code == 302
    with within(cooperative):
        question = survey.questions.get()
        options = [(one.label_fr, one.label_en, one.is_default) for one in question.options.all()]
    assert options == [("Petit", "Small", False), ("Grand", "Large", True)]
    for language, words in (("fr", "Bonjour"), ("en", "Hello there")):
        preview = editor.get(reverse("pledges_survey_preview", args=[survey.pk, language]))
        assert words in text_of(preview) and 'method="post"' not in preview.content.decode()
    page = text_of(editor.get(reverse("pledges_survey_open", args=[survey.pk])))
    assert "1 person will get it: 1 in French, 0 in English." in page and "Rosalie Tremblay" in page
    with within(cooperative):
        assert not OutgoingMail.objects.exists()
    for _again in range(2):
        editor.post(reverse("pledges_survey_open", args=[survey.pk]))
    with within(cooperative):
        survey.refresh_from_db()
        assert survey.state == SurveyState.OPEN
        assert [mail.address for mail in OutgoingMail.objects.all()] == ["une@c.example"]
    for name, args in (("change", []), ("question_add", []), ("question", [question.pk])):
        url = reverse(f"pledges_survey_{name}", args=[survey.pk, *args])
        assert editor.post(url, asked | sizes, follow=True).status_code == 404
    with within(cooperative):
        assert survey.questions.get().options.count() == 2
    assert "0 of 1 has answered." in text_of(editor.get(own))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"label_en": ""}, "This field is required."),
        ({"option_en_0": ""}, "Write this choice in both languages."),
        ({"option_fr_1": "", "option_en_1": ""}, "Write at least two choices."),
        ({"default": ""}, "Mark the choice that counts for who does not answer."),
        ({"default": "7"}, "Mark the choice that counts for who does not answer."),
        ({"kind": "other"}, "is not one of the available choices"),
    ],
)
def test_a_question_that_cannot_be_asked_is_said_and_kept_on_the_page(editor, shirt, fields, said):
    survey = make_survey(shirt, sizes=[], text=False)
    asked = {"kind": "choice", "label_fr": "Taille", "label_en": "Size", "required": "on", "default": 0}
    posted = asked | option_fields(("Petit", "Small"), ("Grand", "Large")) | fields
    response = editor.post(reverse("pledges_survey_question_add", args=[survey.pk]), posted)
    assert response.status_code == 200
    assert said in text_of(response)
    assert 'value="Taille"' in response.content.decode()
    with within(shirt.cooperative):
        assert not survey.questions.exists()


def test_words_in_one_language_alone_and_a_day_that_is_past_are_said(editor, shirt, cooperative):
    today = today_in(cooperative).isoformat()
    response = editor.post(
        reverse("pledges_survey_add"), {"reward": shirt.pk, "lock_on": today, "intro_fr": "Bonjour", "intro_en": ""}
    )
    page = text_of(response)
    assert "Write it in both languages, or in neither." in page and "Choose a day after today." in page
    with within(cooperative):
        assert not Survey.objects.exists()


def test_answers_show_in_the_list_of_what_is_owed(editor, campaign, shirt, cooperative):
    pledge = make_pledge(campaign)
    survey = make_survey(shirt, opened=True)
    with within(cooperative):
        SurveyReply.objects.create(
            cooperative=cooperative, survey=survey, item=pledge.items.get(), language="fr", replied_at=clock.now()
        ).answers.create(question=survey.questions.first(), number=1, option=survey.questions.first().options.last())
    assert "Large" in text_of(editor.get(reverse("pledges_fulfilment")))
    page = text_of(editor.get(reverse("pledges_survey", args=[survey.pk])))
    assert "1 of 1 has answered." in page and "Large 1" in page


NAMES = ("", "_change", "_delete", "_open", "_question_add")


@pytest.mark.parametrize("role", ["adviser", "treasurer", "nobody", "outsider"])
def test_a_role_that_does_not_fulfil_opens_and_changes_nothing(login, role, shirt):  # noqa: F811
    survey, client = make_survey(shirt), login(role)
    for name in NAMES:
        url = reverse(f"pledges_survey{name}", args=[survey.pk])
        assert client.get(url).status_code in (302, 405), name
        client.post(url, {})
    for name in ("pledges_surveys", "pledges_survey_add"):
        assert client.get(reverse(name)).status_code == 302
    with within(shirt.cooperative):
        assert Survey.objects.get().state == SurveyState.DRAFT


def test_nothing_of_another_cooperative_is_found(editor, shirt, outsider):
    with across_cooperatives():
        theirs = make_campaign(outsider, title="Phare secret", tiers=[tier("Secret du phare", 1000)])
        reward = theirs.rewards.get()
        make_pledge(theirs)
        survey = make_survey(reward)
    for name in NAMES:
        url = reverse(f"pledges_survey{name}", args=[survey.pk])
        for method in (editor.get, editor.post):
            assert method(url, follow=True).status_code in (404, 405), name
    assert editor.get(reverse("pledges_survey_preview", args=[survey.pk, "fr"]), follow=True).status_code == 404
    assert "Secret" not in text_of(editor.get(reverse("pledges_surveys")))
    posted = {"reward": reward.pk, "lock_on": (today_in(outsider) + timedelta(days=9)).isoformat()}
    response = editor.post(reverse("pledges_survey_add"), posted)
    assert response.status_code == 200 and "Secret" not in text_of(response)
    with across_cooperatives():
        assert list(Survey.objects.values_list("pk", "state")) == [(survey.pk, SurveyState.DRAFT)]
        assert make_user(outsider, Role.EDITOR).pk
