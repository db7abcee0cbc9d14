"""What the editor's form of a campaign page posts."""

from wagtail.test.utils.form_data import nested_form_data, rich_text

from home.fields import AmountInput

AMOUNTS = ("amount", "unit_cost", "postage_cost")


def page_data(page, **fields):
    """Every field of the page as its form would post it."""
    data = {
        "title": page.title,
        "slug": page.slug,
        "seo_title": "",
        "search_description": "",
        "funding_model": page.funding_model,
        "goal": AmountInput().format_value(page.goal) or "",
        "end_date": page.end_date.isoformat() if page.end_date else "",
        "theme": page.theme,
        "social_image": "",
        "body": _stream(page.body.get_prep_value()),
        "comments": {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 1000},
    }
    return nested_form_data(data) | _prefixed(fields)


def _prefixed(fields):
    return {name.replace("__", "-"): value for name, value in fields.items()}


def _stream(blocks):
    data = {"count": len(blocks)}
    for index, block in enumerate(blocks):
        data[index] = _child(index, block, type=block["type"])
    return data


def _child(index, block, **more):
    return {"deleted": "", "order": str(index), "id": block["id"], "value": _value(block["value"])} | more


def _value(value, name=""):
    if isinstance(value, list):
        return {"count": len(value)} | {index: _child(index, child) for index, child in enumerate(value)}
    if isinstance(value, dict):
        return {key: _value(inner, key) for key, inner in value.items() if inner is not None and inner is not False}
    if name == "text":
        return rich_text(value)
    return AmountInput().format_value(value) if name in AMOUNTS else value
