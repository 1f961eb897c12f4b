"""Search over everything."""

from django.urls import path

from afterclose.ui import views

app_name = "ui"

urlpatterns = [path("search/", views.search, name="search")]
