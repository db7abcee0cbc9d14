"""A campaign page as the admin's form posts it, field by field."""

from django.test import Client
from django.urls import reverse
from wagtail import blocks
from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter
from wagtail.images.blocks import ImageBlock

from campaigns.goal_fields import GoalInput
from campaigns.models import CampaignPage
from home.models import Role
from tests.factories.cooperatives import make_user


def at_home(cooperative, role=Role.EDITOR, *, language="en"):
    """Someone of the team in the admin of their own host."""
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(make_user(cooperative, role))
    return client


def fields_of(page, **changes):
    """What the form of a page posts when nothing was touched but `changes`."""
    data = {
        "title": page.title,
        "slug": page.slug,
        "funding_model": page.funding_model,
        "goal_unit": page.goal_unit,
        "goal": _goal(page),
        "suggested_amounts": page.suggested_amounts,
        "end_date": page.end_date.isoformat() if page.end_date else "",
        "theme": page.theme,
        "social_image": "",
        "seo_title": "",
        "search_description": "",
        "go_live_at": "",
        "expire_at": "",
        "comments-TOTAL_FORMS": "0",
        "comments-INITIAL_FORMS": "0",
        "comments-MIN_NUM_FORMS": "0",
        "comments-MAX_NUM_FORMS": "",
    }
    data |= dict(_block_fields(page.body.stream_block, page.body, "body"))
    return data | changes


def _goal(page):
    shown = GoalInput()
    shown.unit = page.goal_unit
    return shown.format_value(page.goal) or ""


def _block_fields(block, value, prefix):
    if isinstance(block, ImageBlock):
        yield from {f"{prefix}-image": str(value.pk) if value else "", f"{prefix}-alt_text": "x"}.items()
    elif isinstance(block, blocks.StreamBlock):
        yield from _children(prefix, [(child.block, child.value, child.id, child.block_type) for child in value])
    elif isinstance(block, blocks.ListBlock):
        yield from _children(prefix, [(block.child_block, child.value, child.id, "") for child in value.bound_blocks])
    elif isinstance(block, blocks.StructBlock):
        for name, child in block.child_blocks.items():
            yield from _block_fields(child, value[name], f"{prefix}-{name}")
    elif isinstance(block, blocks.RichTextBlock):
        yield prefix, ContentstateConverter(features=block.features).from_database_format(value.source if value else "")
    elif isinstance(block, blocks.BooleanBlock):
        if value:
            yield prefix, "on"
    else:
        shown = block.field.widget.format_value(block.field.prepare_value(value)) or ""
        yield prefix, shown[0] if isinstance(shown, list) else shown


def _children(prefix, children):
    yield f"{prefix}-count", str(len(children))
    for number, (block, value, identifier, block_type) in enumerate(children):
        here = f"{prefix}-{number}"
        yield from {f"{here}-id": identifier, f"{here}-order": str(number), f"{here}-deleted": ""}.items()
        if block_type:
            yield f"{here}-type", block_type
        yield from _block_fields(block, value, f"{here}-value")


def address(page, name="edit"):
    return reverse(f"wagtailadmin_pages:{name}", args=[page.pk])


def save(client, page, *, publish=True, **changes):
    """Post the edit form; the response. `tier(page, 0, "amount")` names a field of a tier."""
    data = fields_of(page, **changes)
    return client.post(address(page), data | ({"action-publish": "1"} if publish else {}))


def tier(page, number, name, *, block="reward_tiers"):
    where = next(index for index, one in enumerate(page.body) if one.block_type == block)
    return f"body-{where}-value-{number}-value-{name}"


def errors_of(response):
    """Each message of the tiers by (block, number, field); what belongs to no field under its block alone."""
    found = {}
    form = response.context["form"]
    for error in form.errors.as_data().get("body", []):
        names = [block.block_type for block in form.cleaned_data.get("body", form.instance.body)] or []
        for index, of_list in getattr(error, "block_errors", {}).items():
            block = names[index] if index < len(names) else index
            for number, of_struct in (of_list.block_errors or {}).items():
                found |= {
                    (block, number, field): " ".join(message.messages)
                    for field, message in of_struct.block_errors.items()
                }
            for message in of_list.non_block_errors.as_data():
                found[block] = " ".join(message.messages)
        for message in getattr(error, "non_block_errors", []):
            found["body"] = str(message)
    return found | {name: str(messages[0]) for name, messages in form.errors.items() if name != "body"}


def fresh(page):
    return CampaignPage.objects.get(pk=page.pk)
