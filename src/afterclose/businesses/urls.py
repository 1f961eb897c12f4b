"""Addresses of the app."""

from django.urls import URLPattern

app_name = "businesses"
urlpatterns: list[URLPattern] = []
