"""Addresses of the app."""

from django.urls import path

from afterclose.usage import views

app_name = "usage"
urlpatterns = [
    path("accounts/<int:account_id>/usage/", views.daily, name="daily"),
    path("accounts/<int:account_id>/panels/usage/", views.panel, name="panel"),
]
