"""Addresses of the app."""

from django.urls import include, path

from afterclose.ops import views

app_name = "ops"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("", include("afterclose.ops.sample.urls")),
]
