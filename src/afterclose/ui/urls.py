"""Search, and in development the gallery of components."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from afterclose.ui import views

app_name = "ui"

urlpatterns: list[URLPattern | URLResolver] = [path("search/", views.search, name="search")]

if getattr(settings, "UI_GALLERY", settings.DEBUG):
    urlpatterns.append(path("_gallery/", include("afterclose.ui.gallery.urls")))
