"""Addresses of the app."""

from django.urls import path

from afterclose.feedback import views

app_name = "feedback"
urlpatterns = [
    path("answers/", views.answers, name="answers"),
    path("accounts/<int:account_id>/panels/answers/", views.panel, name="panel"),
    path("contacts/<int:contact_id>/panels/answers/", views.of_contact, name="contact_panel"),
]
