"""The search box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from afterclose.ui.lists.filters.base import FilterError
from afterclose.ui.lists.paths import resolve, restrict

# Two letters are in most names.
SHORTEST_INSIDE = 3


@dataclass(frozen=True)
class TextSearch:
    """The search box, `?q=`: `exact` columns equal the text, `prefix` columns begin with it (a
    range on a lower-case key in collation C, which an index serves under row-level security),
    `contains` columns hold it somewhere (reads every row of the business, so only from three
    characters on, and only for short keys). `key` brings the text into the keys' form."""

    exact: Sequence[str] = ()
    prefix: Sequence[str] = ()
    contains: Sequence[str] = ()
    key: Callable[[str], str] = str.lower
    label: str = ""

    def clean(self, text: str) -> str:
        """The text as searched for. Raises FilterError."""
        if "\x00" in text:
            raise FilterError("It contains a character that cannot be stored.")
        text = " ".join(text.split())
        if len(text) > 200:
            raise FilterError("It is longer than 200 characters.")
        return text

    def reads_all(self, text: str) -> bool:
        """Whether the search for this text has to read every row of the business."""
        return bool(self.contains) and len(self.key(text)) >= SHORTEST_INSIDE

    def apply(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """The rows that match."""
        found = Q()
        for part in self._parts(text):
            found |= part
        many = self._many(rows)
        return restrict(rows, many, found) if many else rows.filter(found)

    def ids(self, rows: QuerySet[Any], text: str, most: int) -> list[Any] | None:
        """The ids of the rows that match, None when they are more than `most`.

        Each column is asked by itself, so that each answers from its own index: the texts that
        are looked into are read from there too, and not from the rows.
        """
        if self._many(rows):
            return None
        first, *others = [rows.filter(part).values_list("pk") for part in self._parts(text)]
        found = first.union(*others) if others else first
        ids = [pk for (pk,) in found[: most + 1]]
        return ids if len(ids) <= most else None

    def _parts(self, text: str) -> list[Q]:
        key = self.key(text)
        inside = set(self.contains) if self.reads_all(text) else set()
        return [
            *(Q(**{path: text}) for path in self.exact),
            *(prefix_range(path, key) for path in self.prefix if path not in inside),
            *(Q(**{f"{path}__contains": key}) for path in self.contains if path in inside),
        ]

    def _many(self, rows: QuerySet[Any]) -> str:
        """The first path over a relation of many rows, or empty."""
        paths = [*self.exact, *self.prefix, *self.contains]
        return next((path for path in paths if resolve(rows.model, path).many), "")


def prefix_range(path: str, key: str) -> Q:
    """`path` begins with `key`, as a range that ends at the next code point (collation C)."""
    found = Q(**{f"{path}__gte": key})
    for length in range(len(key), 0, -1):
        last = ord(key[length - 1])
        if last >= 0x10FFFF:
            continue
        # Surrogates cannot be stored, so the code point after U+D7FF is U+E000.
        after = 0xE000 if last == 0xD7FF else last + 1
        return found & Q(**{f"{path}__lt": key[: length - 1] + chr(after)})
    return found
