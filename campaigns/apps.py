from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns import signal_handlers  # noqa: PLC0415 (models must be loaded first)

        signal_handlers.connect()
