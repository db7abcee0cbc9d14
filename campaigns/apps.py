from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        from campaigns import (  # noqa: PLC0415 (models come first)
            brand_sample,  # noqa: F401 (registers itself)
            emails,  # noqa: F401
            reviewing,
            self_checks,  # noqa: F401
            signal_handlers,
            tasks,  # noqa: F401
        )
        from campaigns.models import Campaign, CampaignPage, Reward, RewardPostage, RewardVariant  # noqa: PLC0415
        from home.cooperatives.founding import also_on_founding  # noqa: PLC0415
        from home.page_cache import versions  # noqa: PLC0415

        also_on_founding(reviewing.found_review)
        signal_handlers.connect()
        versions.show(Campaign, CampaignPage, RewardPostage, RewardVariant)
        versions.show(Reward, but=["frozen_at"])  # which the first contribution to a tier writes
