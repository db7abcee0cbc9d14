"""Addresses of a host's brand, the same in each language."""

from django.urls import path

from home.brand import views as brand_views

urlpatterns = [
    path("favicon.ico", brand_views.favicon, name="favicon"),
    path("apple-touch-icon.png", brand_views.touch_icon, name="touch_icon"),
    path("apple-touch-icon-precomposed.png", brand_views.touch_icon),
    path("brand/<int:version>/icon-<int:size>.png", brand_views.icon, name="brand_icon"),
    path("brand/<int:version>/logo.svg", brand_views.drawing, name="brand_drawing"),
    path("brand/<int:version>/mail.png", brand_views.mail_logo, name="brand_mail_logo"),
    path("brand/<int:version>/social.jpg", brand_views.social, name="brand_social"),
]
