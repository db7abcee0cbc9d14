from django.apps import AppConfig


class UpdatesConfig(AppConfig):
    name = "updates"

    def ready(self) -> None:
        from campaigns.sharing import crawling  # noqa: PLC0415 (models must be loaded first)
        from home.page_cache import front, versions  # noqa: PLC0415
        from pledges import kept_elsewhere  # noqa: PLC0415
        from updates import (  # noqa: PLC0415 (registers mails and jobs)
            asked_by,
            emails,  # noqa: F401
            feed_views,
            mailing_emails,  # noqa: F401
            question_emails,  # noqa: F401
            reading,
            retention_rules,  # noqa: F401
            self_checks,  # noqa: F401
            signal_handlers,
            tasks,  # noqa: F401
            team_emails,  # noqa: F401
            thanking,  # noqa: F401
        )
        from updates.models import Correction, DelayNotice, ReaderQuestion, Update, UpdatePage  # noqa: PLC0415

        versions.show(Correction, DelayNotice, ReaderQuestion, Update, UpdatePage)
        front.also(feed_views.paths_of)
        crawling.hide_too(reading.closed_paths)
        kept_elsewhere.keep(asked_by.KEPT)
        signal_handlers.connect()
