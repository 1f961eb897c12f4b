"""The filter and the column of tags, for any list whose rows have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, override

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.safestring import SafeString

from afterclose.accounts.tags import queries
from afterclose.accounts.tags.models import AccountTag, ContactTag
from afterclose.ui.escaping import format_html_join
from afterclose.ui.lists import NOTHING, Column, ListContext, RelationFilter, Row
from afterclose.ui.lists.filters import NONE, Control, FilterError
from afterclose.ui.lists.filters.base import one_text
from afterclose.ui.templatetags.ui import badge

ANY, ALL, NOT = "any", "all", "not"
MATCHES = {ANY: "Any of", ALL: "All of", NOT: "None of"}


@dataclass(frozen=True)
class TagFilter(RelationFilter):
    """``?tag=3&tag=5`` any of them; with ``&tag_match=all`` all, ``=not`` none of them;
    ``?tag=none`` rows without any tag. Its value is the ids and, last, the way of matching."""

    links: queries.Links = field(kw_only=True)
    column: str = field(kw_only=True)
    # The path of the tagged row's id, as seen from the list's row.
    over: str = field(default="pk", kw_only=True)

    template: ClassVar[str] = "accounts/tags/filter.html"

    @property
    def _match_name(self) -> str:
        return f"{self.name}_match"

    @property
    @override
    def params(self) -> tuple[str, ...]:
        return (self.name, self._match_name)

    @override
    def parse(self, data: QueryDict, context: ListContext) -> tuple[str, ...] | None:
        given = super().parse(data, context)
        match = one_text(data, self._match_name) or ANY
        if match not in MATCHES:
            raise FilterError(f"“{match[:60]}” is not a way to match tags: any, all or not.")
        return (*given, match) if given else None

    @override
    def missing(
        self, value: tuple[str, ...], context: ListContext
    ) -> tuple[str, tuple[str, ...] | None]:
        *texts, match = value
        reason, rest = super().missing(tuple(texts), context)
        return reason, (*rest, match) if rest else None

    @override
    def apply(self, rows: QuerySet[Any], value: tuple[str, ...], context: ListContext) -> Any:
        *texts, match = value
        ids = [int(text) for text in texts if text != NONE]
        manager: Any = self.links.objects
        on_row = manager.filter(**{self.column: OuterRef(self.over)})
        conditions: list[Q] = []
        if match == ALL:
            conditions = [Q(Exists(on_row.filter(tag_id=each))) for each in ids]
        elif ids:
            conditions = [Q(Exists(on_row.filter(tag_id__in=ids)))]
        if NONE in texts:
            conditions.append(~Q(Exists(on_row)))
        found = conditions[0]
        for condition in conditions[1:]:
            found = found & condition if match == ALL else found | condition
        return rows.filter(~found if match == NOT else found)

    @override
    def pairs(self, value: tuple[str, ...]) -> list[tuple[str, str]]:
        *texts, match = value
        own = [(self.name, text) for text in texts]
        return own if match == ANY else [*own, (self._match_name, match)]

    @override
    def describe(self, value: tuple[str, ...], context: ListContext) -> str:
        *texts, match = value
        if match == ANY:
            return super().describe(tuple(texts), context)
        names = self._labels(tuple(texts), self._offered(context), context)
        told = [names.get(text, f"number {text}") for text in texts]
        return " and ".join(told) if match == ALL else f"not {' nor '.join(told)}"

    @override
    def control(self, value: tuple[str, ...] | None, context: ListContext) -> Control:
        *texts, match = value or (ANY,)
        plain = super().control(tuple(texts), context)
        return Control(
            self.template,
            values={"match": match, "name": self._match_name},
            options=plain.options,
            chosen=plain.chosen,
            options_url=plain.options_url,
        )


def account_tag_filter(name: str = "tag", label: str = "Tags", *, over: str = "pk") -> TagFilter:
    """Rows by the tags of their account; ``over`` is the path of its id."""
    return _filter(name, label, AccountTag, "account_id", over)


def contact_tag_filter() -> TagFilter:
    """Rows of contacts by their tags."""
    return _filter("tag", "Tags", ContactTag, "contact_id", "pk")


def _filter(name: str, label: str, links: queries.Links, column: str, over: str) -> TagFilter:
    return TagFilter(
        name,
        label,
        options=queries.tag_options,
        labels=queries.tag_labels,
        empty="No tags",
        thing="tag",
        links=links,
        column=column,
        over=over,
    )


def tag_column() -> Column:
    """A row's tags as chips; the list's queryset annotates ``tags`` with ``queries.shown``."""
    return Column("tags", "Tags", needs=("tags",), value=_names, render=_chips)


def _names(row: Row) -> list[str]:
    return [text.partition(":")[2] for text in row["tags"] or ()]


def _chips(row: Row, _names: Sequence[str]) -> SafeString:
    parts = [text.partition(":") for text in row["tags"] or ()]
    if not parts:
        return NOTHING
    return format_html_join(" ", "{}", ((badge(name, tone=tone),) for tone, _, name in parts))
