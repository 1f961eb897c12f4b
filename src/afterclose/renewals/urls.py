"""Addresses of the app."""

from django.urls import path

from afterclose.renewals import views

app_name = "renewals"
urlpatterns = [
    path("renewals/", views.pipeline, name="pipeline"),
    path("renewals/<int:window_days>-days/", views.pipeline, name="window"),
    path("renewals/<int:window_days>-days/tiles/", views.tiles, name="tiles"),
    path("renewals/panels/by-stage/", views.by_stage, name="by_stage"),
    path("accounts/<int:account_id>/panels/renewals/", views.panel, name="panel"),
]
