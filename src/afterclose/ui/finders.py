"""Serves the front-end parts from node_modules, the listed files alone, and our bundles of them."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

from afterclose.ui import bundles

PREFIX = "npm"
# Of 150 MB in node_modules the browser needs these. The maps are named inside of the files, so
# the storage that hashes file names insists on them.
FILES = (
    "@tabler/core/dist/js/tabler.min.js",
    "@tabler/core/dist/js/tabler.min.js.map",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
    "htmx.org/dist/htmx.min.js",
    "htmx.org/dist/htmx.min.js.map",
    "echarts/dist/echarts.common.min.js",
    "sortablejs/Sortable.min.js",
    "tom-select/dist/css/tom-select.bootstrap5.min.css",
    "tom-select/dist/css/tom-select.bootstrap5.min.css.map",
    "tom-select/dist/js/tom-select.complete.min.js",
    "tom-select/dist/js/tom-select.complete.min.js.map",
)


class NodeModulesFinder(BaseFinder):
    """`{% static "npm/htmx.org/dist/htmx.min.js" %}` and the other listed files."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.root = Path(settings.NODE_MODULES)
        self.storage = FileSystemStorage(location=str(self.root))
        self.storage.prefix = PREFIX  # type: ignore[attr-defined]  # read by collectstatic

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """The file behind `npm/<listed path>`, or an empty list."""
        inner = path.removeprefix(f"{PREFIX}/")
        if inner == path or inner not in FILES or not (self.root / inner).is_file():
            return []
        found = str(self.root / inner)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Every listed file that is installed."""
        for path in FILES:
            if (self.root / path).is_file():
                yield path, self.storage


class BundleFinder(BaseFinder):
    """`{% static "ui/page.css" %}` and the other files that `bundles` puts together."""

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """The file of the bundle, or an empty list."""
        if path not in bundles.BUNDLES:
            return []
        found = str(bundles.made(path))
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Every bundle."""
        storage = FileSystemStorage(location=str(settings.STATIC_MADE))
        for path in bundles.BUNDLES:
            bundles.made(path)
            yield path, storage
