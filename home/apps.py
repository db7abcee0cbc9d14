from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "home"
    verbose_name = "Tremplin"

    def ready(self) -> None:
        from home import (  # noqa: PLC0415 (models must be loaded first)
            checks,  # noqa: F401 (registers checks)
            inviting,  # noqa: F401 (registers a mail)
            log_in_watch,
            password_mails,  # noqa: F401 (registers a mail)
            picture_segments,  # noqa: F401 (mends wagtail-localize)
            sender_verifying,  # noqa: F401 (registers a mail)
            signal_handlers,
            tasks,  # noqa: F401 (registers the periodic jobs)
        )

        log_in_watch.connect()
        signal_handlers.connect()
