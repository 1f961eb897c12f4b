"""The search box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from afterclose.ui.lists.filters.base import FilterError
from afterclose.ui.lists.paths import resolve, restrict


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

    def apply(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """The rows that match."""
        found = Q()
        for path in self.exact:
            found |= Q(**{path: text})
        key = self.key(text)
        for path in self.prefix:
            found |= prefix_range(path, key)
        if len(key) >= 3:
            for path in self.contains:
                found |= Q(**{f"{path}__contains": key})
        paths = [*self.exact, *self.prefix, *self.contains]
        if any(resolve(rows.model, path).many for path in paths):
            return restrict(rows, next(p for p in paths if resolve(rows.model, p).many), found)
        return rows.filter(found)


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
