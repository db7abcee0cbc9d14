from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "home"
    verbose_name = "Tremplin"

    def ready(self) -> None:
        from home import signal_handlers, tasks  # noqa: F401, PLC0415 (tasks registers the periodic jobs)

        signal_handlers.connect()
