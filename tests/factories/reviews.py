"""Campaigns on their way to a launch, and the people who take them there."""

from campaigns import publishing, reviewing
from campaigns.models import Campaign, CampaignPage
from home.models import Role, User
from home.tenancy import within
from tests.factories.campaigns import make_campaign_page, translate
from tests.factories.cooperatives import make_user


def member(cooperative, role):
    """Someone of the team with that role; the same person each time."""
    return User.objects.filter(email=f"{role}@{cooperative.slug}.example").first() or make_user(cooperative, role)


def make_draft(cooperative, *, bilingual=True, **fields):
    """A French page that its editor owns and has saved, with its English twin; nothing is published."""
    page = make_campaign_page(cooperative, publish=False, owner=member(cooperative, Role.EDITOR), **fields)
    page.save_revision(user=member(cooperative, Role.EDITOR))
    with within(cooperative):
        if bilingual:
            translate(page, publish=False)
    return CampaignPage.objects.get(pk=page.pk)


def again(page):
    """The page as a new request finds it."""
    return CampaignPage.objects.get(pk=page.pk)


def terms_of(page):
    return Campaign.objects.select_related("cooperative__site").get(translation_key=page.translation_key)


def make_approved(cooperative, **fields):
    """A draft that the editor submitted and the adviser approved."""
    page = make_draft(cooperative, **fields)
    with within(cooperative):
        reviewing.submit(again(page), by=member(cooperative, Role.EDITOR))
        reviewing.approve(again(page), by=member(cooperative, Role.ADVISER))
    return again(page)


def make_announced(cooperative, **fields):
    """An approved campaign whose pages are public."""
    page = make_approved(cooperative, **fields)
    with within(cooperative):
        for one in CampaignPage.objects.filter(translation_key=page.translation_key).order_by("pk"):
            one.get_latest_revision().publish()
        publishing.project(again(page))
        return terms_of(page)
