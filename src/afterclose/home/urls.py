"""Addresses of the app."""

from django.urls import path

from afterclose.home import views

app_name = "home"
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("home/panels/numbers/", views.numbers, name="numbers"),
    path("home/panels/at-risk/", views.at_risk, name="at_risk"),
    path("home/panels/health/", views.health_panel, name="health"),
    path("home/panels/since-monday/", views.since_monday, name="since_monday"),
    path("home/panels/waiting/", views.waiting, name="waiting"),
]
