"""The product's addresses and the gallery, which production does not have."""

from django.urls import include, path

from afterclose.config.urls import urlpatterns as _product

urlpatterns = [*_product, path("_gallery/", include("afterclose.ui.gallery.urls"))]

handler404 = "afterclose.ui.errors.not_found"
