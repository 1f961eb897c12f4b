"""Addresses of the import screens."""

from django.urls import path

from afterclose.accounts.imports import views

app_name = "imports"

urlpatterns = [
    path("", views.index, name="list"),
    path("new/", views.start, name="start"),
    path("sets/<int:set_id>/", views.show_set, name="set"),
    path("<int:run_id>/", views.show, name="run"),
    path("<int:run_id>/columns/", views.columns, name="columns"),
    path("<int:run_id>/reading/", views.reading, name="reading"),
    path("<int:run_id>/words/", views.words, name="words"),
    path("<int:run_id>/progress/", views.progress, name="progress"),
    path("<int:run_id>/commit/", views.commit, name="commit"),
    path("<int:run_id>/cancel/", views.cancel, name="cancel"),
    path("<int:run_id>/rejected.csv", views.rejected, name="rejected"),
    path("profiles/<int:profile_id>/delete/", views.delete_profile, name="delete_profile"),
]
