from django.apps import AppConfig


class PledgesConfig(AppConfig):
    name = "pledges"

    def ready(self) -> None:
        from pledges import emails, tasks  # noqa: F401, PLC0415 (registers mails and periodic jobs)
