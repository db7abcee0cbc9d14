"""Finds templates as Django does, keeps them, and makes functions of them.

Not while templates are debugged: Django's page of an error then shows the line at which it happened.
"""

from typing import Any

from django.template import Origin, Template
from django.template.loaders.cached import Loader as CachedLoader

from home.lean_templates.nodes import LeanList, lean


class Loader(CachedLoader):
    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        template: Any = super().get_template(template_name, skip)
        if not self.engine.debug and not self.engine.string_if_invalid and type(template.nodelist) is not LeanList:
            template.nodelist = lean(template.nodelist)
        return template
