"""Addresses of the app."""

from django.urls import path

from afterclose.support import views

app_name = "support"
urlpatterns = [
    path("tickets/", views.tickets, name="tickets"),
    path("accounts/<int:account_id>/panels/support/", views.panel, name="panel"),
]
