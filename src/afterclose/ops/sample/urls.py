"""Addresses of the page about sample data."""

from django.urls import path

from afterclose.ops.sample import views

urlpatterns = [
    path("settings/sample-data/", views.sample_data, name="sample_data"),
    path("settings/sample-data/progress/", views.sample_data_progress, name="sample_data_progress"),
    path("settings/sample-data/destroy/", views.sample_data_destroy, name="sample_data_destroy"),
]
