"""Addresses of the app."""

from django.urls import path

from afterclose.notifications import views

app_name = "notifications"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/unread/", views.badge, name="badge"),
    path("inbox/read/", views.read_all, name="read_all"),
    path("inbox/preferences/", views.preferences, name="preferences"),
    path("inbox/<int:notification_id>/", views.open_notification, name="open"),
    path("inbox/<int:notification_id>/toggle/", views.toggle, name="toggle"),
    path("mail/stop/<str:token>/", views.stop, name="stop"),
]
