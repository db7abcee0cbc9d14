import gc
from typing import Final

from django.apps import AppConfig

#: Of its garbage collector.
PYTHON_S_OWN: Final = (700, 10, 10)


class HomeConfig(AppConfig):
    name = "home"
    verbose_name = "Tremplin"

    def ready(self) -> None:
        # Models must be loaded first; those that are not used here register checks, look-ups, mails and jobs.
        from home import admin_scripts, among, checks, retention_rules, signal_handlers, tasks  # noqa: F401, PLC0415
        from home.doctor import of_machine, of_settings  # noqa: F401, PLC0415
        from home.log_in import lifetimes, password_mails  # noqa: F401, PLC0415
        from home.log_in import watch as log_in_watch  # noqa: PLC0415
        from home.logs import faults  # noqa: PLC0415
        from home.mail import sender_verifying, unsubscribe_links  # noqa: F401, PLC0415
        from home.metrics import of_house  # noqa: F401, PLC0415
        from home.page_cache import front, watched  # noqa: PLC0415
        from home.people import inviting  # noqa: F401, PLC0415
        from home.privacy import checks as privacy_checks  # noqa: F401, PLC0415
        from home.self_checks import files  # noqa: F401, PLC0415
        from home.translation import picture_segments  # noqa: F401, PLC0415 (mends wagtail-localize)

        lifetimes.connect()
        admin_scripts.connect()
        faults.connect()
        log_in_watch.connect()
        signal_handlers.connect()
        watched.connect()
        front.connect()
        _look_for_rings_as_usual()


def _look_for_rings_as_usual() -> None:
    """What is loaded stays, and is not looked through again; what rows leave behind is found before it is a lot.

    Rows that know each other are rings. With the thresholds of loading (config) an export kept 150 MB of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*PYTHON_S_OWN)
