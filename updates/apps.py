from django.apps import AppConfig


class UpdatesConfig(AppConfig):
    name = "updates"

    def ready(self) -> None:
        from campaigns.sharing import crawling  # noqa: PLC0415 (models must be loaded first)
        from updates import emails, reading, signal_handlers, tasks  # noqa: F401, PLC0415 (registers mails and jobs)

        crawling.hide_too(reading.closed_paths)
        signal_handlers.connect()
