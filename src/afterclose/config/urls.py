"""Every address, one line per app."""

from django.conf import settings
from django.urls import include, path

from afterclose.config.api import api, docs, openapi, unknown

urlpatterns = [
    path("api/v1/docs", docs, name="api_docs"),
    path("api/v1/openapi.json", openapi, name="api_openapi"),
    path("api/v1/", api.urls),
    path("api/<path:rest>", unknown, name="api_unknown"),
    # In front of allauth's own: stricter, or closed.
    path("sign-in/", include("afterclose.businesses.single_sign_on.urls")),
    path("sign-in/", include("allauth.urls")),
    path("", include("afterclose.ui.urls")),
    path("", include("afterclose.businesses.urls")),
    path("exports/", include("afterclose.accounts.exports.urls")),
    path("imports/", include("afterclose.accounts.imports.urls")),
    path("", include("afterclose.accounts.urls")),
    path("tasks/", include("afterclose.tasks.urls")),
    path("", include("afterclose.notifications.urls")),
    path("settings/webhooks/", include("afterclose.webhooks.urls")),
    path("", include("afterclose.segments.urls")),
    path("", include("afterclose.feedback.urls")),
    path("", include("afterclose.support.urls")),
    path("", include("afterclose.usage.urls")),
    path("", include("afterclose.billing.urls")),
    path("", include("afterclose.health.urls")),
    path("", include("afterclose.renewals.urls")),
    path("", include("afterclose.home.urls")),
    path("", include("afterclose.ops.urls")),
]

if settings.DEBUG:
    urlpatterns.append(path("_gallery/", include("afterclose.ui.gallery.urls")))

handler400 = "afterclose.ui.errors.bad_request"
handler403 = "afterclose.ui.errors.forbidden"
handler404 = "afterclose.ui.errors.not_found"
handler429 = "afterclose.ui.errors.too_many"
handler500 = "afterclose.ui.errors.server_error"
