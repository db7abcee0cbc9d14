from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Two fictional cooperatives with campaigns, backers and mail. No models of its own."""

    name = "sandbox.demo"
    label = "demo"
