"""Which column is which field, and what kind of file this is, judged by the headings.

The built-in profile "SaaS export" is nothing but the importers' own aliases: the headings
that billing systems, CRMs, help desks and data sets commonly use. A saved profile of the
business goes before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from afterclose.accounts.imports.fields import Field, FieldType
from afterclose.kit.currencies import EXPONENTS
from afterclose.kit.tabular import normalise_header

BUILT_IN_PROFILE = "SaaS export"


def guess_mapping(
    fields: Sequence[Field],
    headers: Sequence[str],
    *,
    profile: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Field name to heading. `profile` (field to normalised heading) goes first; each
    heading serves one field, except where a field stands in for a missing one."""
    by_word: dict[str, str] = {}
    for header in headers:
        by_word.setdefault(normalise_header(header), header)
    mapping: dict[str, str] = {}
    free = dict(by_word)
    for name, word in (profile or {}).items():
        if word in by_word and any(target.name == name for target in fields):
            mapping[name] = by_word[word]
            free.pop(word, None)
    # Exact names and early aliases of any field win over late aliases of another.
    depth = max((len(_words(target)) for target in fields), default=0)
    for rank in range(depth):
        for target in fields:
            words = _words(target)
            if target.name in mapping or rank >= len(words):
                continue
            found = _find(words[rank], target, free)
            if found is not None:
                mapping[target.name] = free.pop(found)
    for target in fields:
        if target.stands_in and target.name not in mapping and target.stands_in in mapping:
            mapping[target.name] = mapping[target.stands_in]
    return mapping


def _words(target: Field) -> list[str]:
    return list(dict.fromkeys([target.name, *target.aliases, normalise_header(target.label)]))


def _find(word: str, target: Field, free: Mapping[str, str]) -> str | None:
    if word in free:
        return word
    if target.type == FieldType.MONEY:
        return next(
            (each for each in free if split_currency(each) == (word, each[-3:].upper())), None
        )
    return None


def split_currency(word: str) -> tuple[str, str]:
    """A normalised heading without its currency, and the currency: `refund_amount_usd` is
    (`refund_amount`, `USD`); without one, the heading and ""."""
    stem, _, last = word.rpartition("_")
    code = last.upper()
    return (stem, code) if stem and code in EXPONENTS else (word, "")


def missing_fields(fields: Iterable[Field], mapping: Mapping[str, str]) -> list[Field]:
    """Required fields that no column is mapped to."""
    return [target for target in fields if target.required and target.name not in mapping]


def shape_of(headers: Sequence[str]) -> str:
    """The fingerprint of a file's headings, in whatever order and spelling of case."""
    words = sorted(normalise_header(header) for header in headers)
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def score(fields: Sequence[Field], headers: Sequence[str]) -> float:
    """How well headings fit a kind: 0 when a required field has no column, else the share
    of columns that are used, a little more for each."""
    mapping = guess_mapping(fields, headers)
    if missing_fields(fields, mapping) or not headers:
        return 0.0
    used = len(set(mapping.values()))
    return used / len(headers) + used / 1000
