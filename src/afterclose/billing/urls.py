"""Addresses of the app."""

from django.urls import path

from afterclose.billing import views

app_name = "billing"
urlpatterns = [
    path("subscriptions/", views.subscriptions, name="subscriptions"),
    path("accounts/<int:account_id>/panels/billing/", views.panel, name="panel"),
]
