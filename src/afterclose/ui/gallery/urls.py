"""Pages of the gallery."""

from django.urls import path

from afterclose.ui.gallery import views

urlpatterns = [
    path("", views.overview, name="gallery"),
    path("table/", views.table, name="gallery_table"),
    path("form/", views.form, name="gallery_form"),
    path("panel/<slug:state>/", views.panel, name="gallery_panel"),
    path("badge/", views.badge, name="gallery_badge"),
    path("error/<int:status>/", views.error, name="gallery_error"),
    path("toast/", views.toast, name="gallery_toast"),
    path("bare/", views.bare, name="gallery_bare"),
]
