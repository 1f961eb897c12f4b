"""Addresses of the app, under settings/webhooks/."""

from django.urls import path

from afterclose.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("", views.endpoints, name="endpoints"),
    path("add/", views.add, name="add"),
    path("facts/", views.catalogue, name="catalogue"),
    path("<int:endpoint_id>/", views.endpoint, name="endpoint"),
    path("<int:endpoint_id>/edit/", views.edit, name="edit"),
    path("<int:endpoint_id>/pause/", views.pause, name="pause"),
    path("<int:endpoint_id>/resume/", views.resume, name="resume"),
    path("<int:endpoint_id>/remove/", views.remove, name="remove"),
    path("<int:endpoint_id>/rotate/", views.rotate, name="rotate"),
    path("<int:endpoint_id>/test/", views.test, name="test"),
    path("<int:endpoint_id>/replay/", views.replay_failed, name="replay_failed"),
    path("deliveries/<int:delivery_id>/", views.delivery, name="delivery"),
    path("deliveries/<int:delivery_id>/replay/", views.replay, name="replay"),
]
