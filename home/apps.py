from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "home"
    verbose_name = "Tremplin"

    def ready(self) -> None:
        from home import picture_segments, tasks  # noqa: F401, PLC0415 (mends wagtail-localize; registers periodic jobs)
