"""People who log in: the teams of cooperatives. Backers never do."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.dispatch import Signal
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

#: Sent with `user` when someone who exists has another password than before.
password_changed = Signal()


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    username = None  # type: ignore[assignment]
    email = models.EmailField(_("email"), unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    #: Raised to end every session of this person's (home.log_in.second_factor).
    sessions_ended = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """A session ends with the password that began it, and when all of them are ended."""
        hashed: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if not self.sessions_ended:
            return hashed
        salt, value = "home.models.users.sessions_ended", f"{hashed}:{self.sessions_ended}"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()

    def save(self, *args: Any, **kwargs: Any) -> None:
        is_changed = getattr(self, "_password", None) is not None and not self._state.adding
        super().save(*args, **kwargs)
        if is_changed:
            password_changed.send(type(self), user=self)
