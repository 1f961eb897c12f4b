"""Saved mappings: which column is which field, kept under a name for the next file of its sort."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from afterclose.accounts.imports.guessing import shape_of
from afterclose.accounts.imports.models import ImportProfile, ImportRun
from afterclose.accounts.imports.problems import ImportProblem, NameTaken
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.kit.tabular import normalise_header

_OPTIONS = ("currency", "values", "policy")


@transaction.atomic
def save(
    *, actor: Actor, at: datetime, run_id: int, name: str, replaces: bool = False
) -> ImportProfile:
    """Keep a run's mapping and options under a name.

    One of that name that says something else is replaced where `replaces` says so (audited with
    what it was), else `NameTaken`. Words that only one of the two knows stay known.
    """
    require(actor, Right.ACCOUNTS_IMPORT)
    name = name.strip()[:100]
    if not name:
        raise ImportProblem("Give the mapping a name.", field="profile_name")
    run = ImportRun.objects.get(id=run_id)
    mapping = {field: normalise_header(header) for field, header in run.mapping.items()}
    options = {key: run.options[key] for key in _OPTIONS if run.options.get(key)}
    shape = shape_of(run.detection["headers"])
    by = {"saved_at": at, "saved_by_id": actor.membership_id}
    profile, is_new = ImportProfile.objects.select_for_update(of=("self",)).get_or_create(
        kind=run.kind,
        name=name,
        defaults={"mapping": mapping, "options": options, "shape": shape, **by},
    )
    if not is_new:
        words = both(profile.options, options)
        merged = {**options, "values": words} if words else options
        # A word that only one of the two knows is no other opinion.
        same_words = words == both(options, profile.options)
        same_rest = {**merged, "values": 0} == {**profile.options, "values": 0}
        if not (same_words and same_rest and (profile.mapping, profile.shape) == (mapping, shape)):
            if not replaces:
                raise NameTaken(profile)
            before = {"mapping": [profile.mapping, mapping], "options": [profile.options, merged]}
            audit.record(
                "import_profile.replaced", actor=actor, at=at, subject=profile, changes=before
            )
            ImportProfile.objects.filter(id=profile.id).update(mapping=mapping, shape=shape, **by)
        ImportProfile.objects.filter(id=profile.id).update(options=merged)
        profile.refresh_from_db()
    run.profile_name = profile.name
    run.save(update_fields=["profile_name"])
    return profile


@transaction.atomic
def delete(*, actor: Actor, at: datetime, profile_id: int) -> str:
    """Forget a saved mapping; returns its name. Raises `ImportProfile.DoesNotExist`."""
    require(actor, Right.ACCOUNTS_IMPORT)
    profile = ImportProfile.objects.get(id=profile_id)
    audit.record("import_profile.deleted", actor=actor, at=at, subject=profile)
    profile.delete()
    return profile.name


def both(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The words that two sets of options know; where both know one, as the second says."""
    one, other = first.get("values", {}), second.get("values", {})
    return {name: {**one.get(name, {}), **other.get(name, {})} for name in {**one, **other}}
