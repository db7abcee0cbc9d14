from django.apps import AppConfig


class PledgesConfig(AppConfig):
    name = "pledges"

    def ready(self) -> None:
        from campaigns import promised  # noqa: PLC0415 (models must be loaded first)
        from pledges import emails, own_emails, tasks, totals  # noqa: F401, PLC0415 (registers mails and periodic jobs)

        promised.count_with(promised.Counter(totals.people_by_reward, totals.has_contributions))
