from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class PledgesConfig(AppConfig):
    name = "pledges"

    def ready(self) -> None:
        from campaigns import promised  # noqa: PLC0415 (models must be loaded first)
        from campaigns.models import RewardStock  # noqa: PLC0415
        from home.page_cache import front, versions  # noqa: PLC0415
        from pledges import (  # noqa: PLC0415
            account_emails,  # noqa: F401 (registers mails and periodic jobs)
            address_check_emails,  # noqa: F401 (registers mails and periodic jobs)
            aftermath_emails,  # noqa: F401 (registers mails and periodic jobs)
            archiving,  # noqa: F401 (registers what the audit log says of it)
            arrival_emails,  # noqa: F401 (registers mails and periodic jobs)
            doctoring,  # noqa: F401 (registers what `manage.py doctor` examines)
            email_change_emails,  # noqa: F401 (registers mails and periodic jobs)
            emails,  # noqa: F401 (registers mails and periodic jobs)
            extension_emails,  # noqa: F401 (registers mails and periodic jobs)
            figures_of_money,  # noqa: F401 (registers what is measured)
            fulfilment_tasks,  # noqa: F401 (registers mails and periodic jobs)
            offline_emails,  # noqa: F401 (registers mails and periodic jobs)
            own_emails,  # noqa: F401 (registers mails and periodic jobs)
            public_paths,
            pulse,  # noqa: F401 (registers how figures of kept pages are read)
            refund_request_emails,  # noqa: F401 (registers mails and periodic jobs)
            report_emails,  # noqa: F401 (registers mails and periodic jobs)
            retention_rules,  # noqa: F401 (registers how long things are kept)
            self_checks,  # noqa: F401 (registers what is checked each night)
            survey_emails,  # noqa: F401 (registers mails and periodic jobs)
            tasks,  # noqa: F401 (registers mails and periodic jobs)
            totals,
            wish_emails,  # noqa: F401 (registers mails and periodic jobs)
        )
        from pledges.models import DatePromise, Dispute, Matching, Payment, Pledge, PledgeItem, Refund  # noqa: PLC0415

        versions.show(Matching)
        versions.move(DatePromise, Dispute, Payment, Pledge, PledgeItem, Refund, RewardStock)
        front.also(public_paths.of)
        promised.count_with(promised.Counter(totals.people_by_reward, totals.has_contributions))
        pre_migrate.connect(_forget_triggers, sender=self)
        post_migrate.connect(_install_triggers, sender=self)


def _forget_triggers(using: str, plan: list[Any], **kwargs: Any) -> None:
    """SQLite makes a table anew to change it, and refuses where triggers of others name it."""
    from pledges.tallies import triggers  # noqa: PLC0415 (models must be loaded first)

    if plan and connections[using].vendor == "sqlite":
        triggers.drop(using)


def _install_triggers(using: str, apps: Any = apps, plan: list[Any] | None = None, **kwargs: Any) -> None:
    """Once their tables are there, which they are not after a migration to before them.

    A flush has no plan: it deletes rows one by one where there is no TRUNCATE, and the triggers count that.
    """
    from pledges.tallies import triggers  # noqa: PLC0415

    try:
        apps.get_model("pledges", "Tally")
    except LookupError:
        return
    triggers.install(using, anew=plan is None and connections[using].vendor == "sqlite")
