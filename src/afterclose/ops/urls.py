"""Addresses of the app."""

from django.urls import include, path

from afterclose.ops import views

app_name = "ops"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("settings/operations/", views.operations, name="operations"),
    path("settings/operations/jobs/<int:job_id>/retry/", views.retry, name="retry_job"),
    path("settings/operations/mails/<int:mail_id>/retry/", views.retry_mail, name="retry_mail"),
    path(
        "settings/operations/mails/<int:mail_id>/discard/", views.discard_mail, name="discard_mail"
    ),
    path("", include("afterclose.ops.sample.urls")),
]
