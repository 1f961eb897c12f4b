"""Addresses of the app."""

from django.urls import path

from afterclose.health import views

app_name = "health"
urlpatterns = [
    path("health/", views.overview, name="overview"),
    path("health/movers/", views.movers, name="movers"),
    path("health/panels/figures/", views.figures, name="figures"),
    path("health/panels/at-risk/", views.at_risk_number, name="at_risk_number"),
    path("health/at-risk/", views.at_risk, name="at_risk"),
    path("accounts/<int:account_id>/health/", views.explain, name="explain"),
    path("accounts/<int:account_id>/panels/health/", views.panel, name="panel"),
]
