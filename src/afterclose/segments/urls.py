"""Addresses of the app."""

from django.urls import path

from afterclose.segments import panels, views

app_name = "segments"
urlpatterns = [
    path("segments/", views.segment_list, name="list"),
    path("segments/new/", views.create, name="create"),
    path("segments/builder/", views.builder, name="builder"),
    path("segments/preview/", views.preview, name="preview"),
    path("segments/panels/account/<int:account_id>/", panels.of_account, name="account_panel"),
    path("segments/panels/contact/<int:contact_id>/", panels.of_contact, name="contact_panel"),
    path("segments/<int:segment_id>/", views.detail, name="detail"),
    path("segments/<int:segment_id>/progress/", views.progress, name="progress"),
    path("segments/<int:segment_id>/movements/", views.movements, name="movements"),
    path("segments/<int:segment_id>/edit/", views.edit, name="edit"),
    path("segments/<int:segment_id>/refresh/", views.refresh, name="refresh"),
    path("segments/<int:segment_id>/delete/", views.delete, name="delete"),
]
