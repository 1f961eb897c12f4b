"""What an address or a saved view asks for that is not there any more: a field, a tag, a choice or
a segment that was deleted since. It is named on the page, never left out in silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.http import QueryDict

from afterclose.ui.lists.definition import RESERVED
from afterclose.ui.lists.saved_views import shelf_of

if TYPE_CHECKING:
    from afterclose.ui.lists.state import Reader, State

REST = "The rest of the filter is applied."


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read from the URL: `subject` as the person knows it, `reason` a
    sentence, `params` the parameters to drop, `instead` what is shown without it."""

    subject: str
    reason: str
    params: tuple[str, ...] = ()
    instead: str = "It is not applied."
    # Read well, but no row can be so: a page says so, a program gets no rows.
    matches_nothing: bool = False


def looked_up(reader: Reader, state: State, data: QueryDict, *, strict: bool = False) -> State:
    """The state with what is gone taken out of it and told as problems.

    `strict`: every parameter was ours when the query was written, as in a saved view or the body
    of a POST, so that one nobody knows is a part that is gone. At most a query per filter.
    """
    problems = [*state.problems, *_strangers(reader, data, strict=strict)]
    filters = dict(state.filters)
    for each in reader.all_filters:
        if each.name in filters:
            reason, rest = each.missing(filters[each.name], reader.list.context)
            if reason:
                problem = Problem(each.label, reason, each.params)
                del filters[each.name]
                if rest is not None:
                    problem = replace(problem, instead=REST)
                    filters[each.name] = rest
                problems.append(problem)
    return replace(state, filters=filters, problems=_once(problems))


def is_whole(reader: Reader, state: State, data: QueryDict) -> bool:
    """Whether the query string that a saved view keeps can be written as the address of its
    state, losing nothing. What filters name is looked up when the view is opened, not here."""
    return not (state.problems or _strangers(reader, data, strict=True))


def _strangers(reader: Reader, data: QueryDict, *, strict: bool) -> list[Problem]:
    unknown = [name for name in data if name not in reader.filter_of and name not in RESERVED]
    if not unknown:
        return []
    hidden = {name: each.label for each in reader.hidden_filters for name in each.params}
    view = next((v for v in shelf_of(reader.list).views if v.id == data.get("view")), None)
    kept = set(QueryDict(view.query)) if view is not None else set()
    found = []
    for name in unknown:
        if name in hidden:
            reason = "Your role may not filter by it."
            found.append(Problem(hidden[name], reason, (name,)))
        elif told := reader.list.gone(name):
            found.append(Problem(*told, (name,)))
        elif strict or name in kept:
            found.append(Problem(f"“{name[:60]}”", "There is no such filter any more.", (name,)))
    return found


def _once(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """A field that is gone as filter, column and order is told once."""
    found: dict[tuple[str, str], Problem] = {}
    for each in problems:
        key = (each.subject, each.reason)
        before = found.get(key)
        found[key] = replace(each, params=(*before.params, *each.params)) if before else each
    return tuple(found.values())
