"""The product's addresses and the gallery of components."""

from afterclose.ui.tests.gallery_urls import urlpatterns  # noqa: F401

handler400 = "afterclose.ui.errors.bad_request"
handler403 = "afterclose.ui.errors.forbidden"
handler404 = "afterclose.ui.errors.not_found"
handler500 = "afterclose.ui.errors.server_error"
