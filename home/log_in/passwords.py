"""What a password of the team may not be made of: the names that anyone would try first here."""

import unicodedata
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from home.models import Cooperative, User

#: Words of the house, without accents: of the product, of what it is for, and of who works with it.
OURS = ("tremplin", "cooperative", "coop", "sociofinancement", "crowdfunding", "campagne", "campaign", "administrateur")
#: Letters and digits that must be left when those words are taken out.
LEFT = 8


class NotOurNames:
    """A validator of AUTH_PASSWORD_VALIDATORS. Raises ValidationError for little more than names of the house."""

    def validate(self, password: str, user: User | None = None) -> None:
        left = _plain(password)
        for name in sorted(_names(user), key=len, reverse=True):
            left = left.replace(name, "")
        if len(left) < LEFT and left != _plain(password):
            raise ValidationError(self.get_help_text(), code="password_of_our_names")

    def get_help_text(self) -> str:
        return _("Your password cannot be made of the name of the cooperative or of this site.")


def _names(user: User | None) -> set[str]:
    """Of two letters or more, those of the cooperatives that someone serves among them."""
    told: list[Any] = [*OURS, settings.WAGTAIL_SITE_NAME]
    if user is not None and user.pk:
        told += Cooperative.objects.filter(memberships__user=user).values_list("name", flat=True)
    words = {word for name in told for word in (_plain(name), *map(_plain, name.split()))}
    return {word for word in words if len(word) > 2}


def _plain(text: str) -> str:
    """Small letters without accents, and digits."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in folded if letter.isalnum())
