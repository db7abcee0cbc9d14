"""Who asks, and who stands with them: the team and the partners."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageChooserBlock


class PersonBlock(blocks.StructBlock):
    name = blocks.CharBlock(label=_("Name"), max_length=120)
    role = blocks.CharBlock(
        label=_("Role"), required=False, max_length=120, help_text=_("What this person does in the campaign.")
    )
    portrait = ImageChooserBlock(
        label=_("Portrait"), required=False, help_text=_("Cropped to a square; without one, the initial is shown.")
    )
    words = blocks.TextBlock(
        label=_("A few words"), required=False, rows=3, max_length=400, help_text=_("One or two sentences.")
    )

    class Meta:
        icon = "user"
        label = _("Person")


class TeamBlock(blocks.StructBlock):
    heading = blocks.CharBlock(label=_("Heading"), required=False, max_length=120, help_text=_("Empty: “The team”."))
    people = blocks.ListBlock(PersonBlock(), min_num=1, label=_("People"))

    class Meta:
        icon = "group"
        label = _("Team")
        description = _("The people who carry the campaign: name, role, portrait, a few words.")
        template = "campaigns/blocks/team.html"

    def get_preview_value(self) -> Any:
        people = [
            {"name": "Jeanne Ouellet", "role": gettext("Miller"), "words": gettext("Has kept the wheel since 2023.")},
            {"name": "Marc-André Sirois", "role": gettext("Farmer"), "words": gettext("Grows the rye and the wheat.")},
            {"name": "Huguette Lavoie", "role": gettext("Treasurer"), "words": gettext("Counts everything twice.")},
        ]
        return self.normalize({"people": people})


class PartnerBlock(blocks.StructBlock):
    name = blocks.CharBlock(label=_("Name"), max_length=160)
    brings = blocks.CharBlock(
        label=_("What they bring"),
        required=False,
        max_length=200,
        help_text=_("An amount, a tool, a place, hours of work."),
    )
    logo = ImageChooserBlock(label=_("Logo"), required=False)
    link = blocks.URLBlock(label=_("Link"), required=False, help_text=_("The address of their site."))

    class Meta:
        icon = "link-external"
        label = _("Partner")


class PartnersBlock(blocks.StructBlock):
    heading = blocks.CharBlock(label=_("Heading"), required=False, max_length=120, help_text=_("Empty: “Partners”."))
    partners = blocks.ListBlock(PartnerBlock(), min_num=1, label=_("Partners"))

    class Meta:
        icon = "link"
        label = _("Partners")
        description = _("Who supports the campaign, and what each one brings.")
        template = "campaigns/blocks/partners.html"

    def get_preview_value(self) -> Any:
        partners = [
            {"name": gettext("The village of Saint-Aurèle"), "brings": gettext("Lends the land for thirty years.")},
            {"name": gettext("The bakery across the road"), "brings": gettext("Will bake the first flour.")},
        ]
        return self.normalize({"partners": partners})
