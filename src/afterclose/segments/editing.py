"""The builder's state for one request: the form or the text, kept in step, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict

from afterclose.businesses.actors import Actor
from afterclose.kit.digits import whole_number
from afterclose.segments import builder, conditions, drafts, queries, text
from afterclose.segments.builder import Box
from afterclose.segments.conditions import ConditionError
from afterclose.segments.drafts import Group, Leaf
from afterclose.segments.fields import Catalog
from afterclose.segments.models import Segment, Subject
from afterclose.segments.queries import Preview


@dataclass
class Work:
    """What a person has put together so far; ``condition`` is None until it is complete."""

    viewer: Actor
    subject: str
    mode: str
    draft: Group
    text: str
    catalog: Catalog
    segment_id: int | None = None
    condition: dict[str, Any] | None = None
    error: str = ""
    preview: Preview | None = None

    @property
    def box(self) -> Box:
        """The form as it is drawn."""
        return builder.box(self.draft, self.catalog, self.viewer.settings.currency)

    @property
    def noun(self) -> str:
        """“accounts” or “contacts”."""
        return str(Subject(self.subject).label).lower()

    @property
    def fields(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The names that the text form knows, for its help."""
        return [
            (group, [(key.partition(":")[2], label) for key, label in each])
            for group, each in builder.keys(self.catalog)
        ]

    @property
    def missing(self) -> str:
        """What the first row that is not complete needs; empty for a row without anything."""
        for group in drafts.groups(self.draft):
            for each in group.items:
                if isinstance(each, Leaf) and each.key and each.error:
                    return each.error
        return ""


def begin(viewer: Actor, segment: Segment | None, subject: str) -> Work:
    """An empty builder, or one with a segment's condition."""
    subject = segment.subject if segment else subject
    catalog = queries.catalog_for(viewer, subject)
    draft = Group(drafts.ROOT, "all", [Leaf(f"{drafts.ROOT}-0")])
    work = Work(viewer, subject, "form", draft, "", catalog)
    if segment is not None:
        work.text = queries.text_of(segment)
        try:
            node = conditions.read(segment.condition, catalog, strict=False)
        except ConditionError as error:
            work.mode, work.error = "text", str(error)
        else:
            work.draft = drafts.from_node(node, catalog)
    return work


def read(viewer: Actor, data: QueryDict, segment: Segment | None = None) -> Work:
    """What the form holds after the button that was pressed."""
    subject = segment.subject if segment else data.get("subject", "")
    subject = subject if subject in Subject.values else Subject.ACCOUNT.value
    mode = "text" if data.get("mode") == "text" else "form"
    work = Work(
        viewer,
        subject,
        mode,
        drafts.read(data),
        data.get("text", "")[: text.LONGEST],
        queries.catalog_for(viewer, subject),
        segment.pk if segment else whole_number(data.get("segment", "")),
    )
    pressed = data.get("do", "")
    if pressed.startswith("mode:"):
        _switch(work, pressed.partition(":")[2])
    elif mode == "form" and pressed:
        drafts.apply(work.draft, pressed)
    drafts.fill(work.draft, work.catalog)
    settle(work)
    return work


def settle(work: Work) -> None:
    """Find out whether it is complete: ``condition``, or ``error`` and errors at the rows."""
    work.condition, work.error = None, ""
    if work.mode == "text" and not work.text.strip():
        return
    try:
        if work.mode == "text":
            node = text.parse(work.text, work.catalog)
        else:
            found = drafts.to_json(work.draft, work.catalog)
            if found is None:
                return
            node = conditions.read(found, work.catalog)
            work.text = text.print_text(node, work.catalog)
        queries.check_nesting(node, work.catalog, work.segment_id)
        work.condition = conditions.write(node)
    except ConditionError as error:
        work.error = str(error)


def _switch(work: Work, to: str) -> None:
    """Change between form and text; what is not complete stays where it can be completed."""
    if to == work.mode or to not in ("form", "text"):
        return
    empty = not work.text.strip() if work.mode == "text" else not _is_begun(work.draft)
    settle(work)
    if empty:
        work.mode = to
        return
    if work.condition is None:
        return
    if to == "form":
        node = conditions.read(work.condition, work.catalog)
        work.draft = drafts.from_node(node, work.catalog)
    work.mode = to


def _is_begun(draft: Group) -> bool:
    """Whether anything is chosen in any row."""
    rows = (each for group in drafts.groups(draft) for each in group.items)
    return any(isinstance(each, Leaf) and each.key for each in rows)


def look(work: Work, today: date) -> None:
    """Count who meets the condition, if it is complete."""
    if work.condition is None:
        return
    node = conditions.read(work.condition, work.catalog)
    try:
        work.preview = queries.preview(work.viewer, node, work.subject, today)
    except ConditionError as error:
        work.condition, work.error = None, str(error)
