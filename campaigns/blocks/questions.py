"""What people ask before they contribute, answered once for all."""

from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from home.blocks import RichText


class QuestionBlock(blocks.StructBlock):
    question = blocks.CharBlock(label=_("Question"), max_length=200, help_text=_("As a person would ask it."))
    answer = RichText(
        label=pgettext_lazy("noun", "Answer"), features=["bold", "italic", "ul", "ol", "link", "document-link"]
    )

    class Meta:
        icon = "help"
        label = _("Question")


class QuestionsBlock(blocks.StructBlock):
    heading = blocks.CharBlock(
        label=_("Heading"), required=False, max_length=120, help_text=_("Empty: “Questions and answers”.")
    )
    questions = blocks.ListBlock(QuestionBlock(), min_num=1, label=_("Questions"))

    class Meta:
        icon = "help"
        label = _("Questions and answers")
        description = _("Questions that people ask, each opening on its answer.")
        template = "campaigns/blocks/questions.html"

    def get_preview_value(self) -> Any:
        pairs = [
            (gettext("And if the goal is not reached?"), gettext("We begin with the upper stone.")),
            (gettext("May I come and see?"), gettext("Every Saturday morning. The door is open.")),
        ]
        return self.normalize(
            {"questions": [{"question": question, "answer": f"<p>{answer}</p>"} for question, answer in pairs]}
        )
