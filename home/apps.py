from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "home"
    verbose_name = "Tremplin"

    def ready(self) -> None:
        from home import sender_verifying, tasks  # noqa: F401, PLC0415 (registers a mail and the periodic jobs)
