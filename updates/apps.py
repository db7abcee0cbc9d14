from django.apps import AppConfig


class UpdatesConfig(AppConfig):
    name = "updates"

    def ready(self) -> None:
        from campaigns.sharing import crawling  # noqa: PLC0415 (models must be loaded first)
        from updates import (  # noqa: PLC0415
            emails,  # noqa: F401 (registers mails)
            question_emails,  # noqa: F401 (registers mails)
            reading,
            signal_handlers,
            tasks,  # noqa: F401 (registers jobs)
        )

        crawling.hide_too(reading.closed_paths)
        signal_handlers.connect()
