"""Addresses of exports."""

from django.urls import path

from afterclose.accounts.exports import views

app_name = "exports"

urlpatterns = [
    path("", views.index, name="list"),
    path("<int:export_id>/", views.show, name="show"),
    path("<int:export_id>/progress/", views.progress, name="progress"),
    path("<int:export_id>/file/", views.file, name="file"),
]
