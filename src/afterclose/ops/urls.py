"""Addresses of the app."""

from django.urls import include, path

app_name = "ops"
urlpatterns = [path("", include("afterclose.ops.sample.urls"))]
