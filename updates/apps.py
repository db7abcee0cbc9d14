from django.apps import AppConfig


class UpdatesConfig(AppConfig):
    name = "updates"

    def ready(self) -> None:
        from updates import emails, mailing_emails, signal_handlers, tasks  # noqa: F401, PLC0415 (registers mails and jobs)

        signal_handlers.connect()
