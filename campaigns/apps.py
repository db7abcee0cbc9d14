from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns import emails, reviewing, signal_handlers, tasks  # noqa: F401, PLC0415 (models come first)
        from home.founding import also_on_founding  # noqa: PLC0415

        also_on_founding(reviewing.found_review)
        signal_handlers.connect()
