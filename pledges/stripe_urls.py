"""Where the payment provider writes to; without language, on any host."""

from django.urls import path

from pledges.views.webhook import webhook

urlpatterns = [path("webhook/", webhook, name="stripe_webhook")]
