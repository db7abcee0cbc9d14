"""Take away the second factor that someone lost: their next log-in asks for the password alone, then for a new one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from home.log_in import second_factor
from home.models import User


class Command(BaseCommand):
    help = "Take away the second factor that someone lost. Make sure first that it is they who ask: call them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"Nobody logs in as {email}.")
        if not second_factor.reset(user, by=None):
            raise CommandError(f"{email} has no second factor.")
        self.stdout.write(f"{email} sets a new second factor at the next log-in, and is told by mail.")
