"""Pages of the gallery; included where DEBUG is on and by the browser tests."""

from django.urls import path

from afterclose.ui.gallery import views

app_name = "gallery"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("table/", views.table, name="table"),
    path("form/", views.form, name="form"),
    path("panel/<slug:state>/", views.panel, name="panel"),
    path("badge/", views.badge, name="badge"),
    path("error/<int:status>/", views.error, name="error"),
    path("toast/", views.toast, name="toast"),
    path("bare/", views.bare, name="bare"),
]
