"""The two rows of a merge: whether they can become one, and both locked."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from afterclose.accounts.hierarchy import tree
from afterclose.accounts.models import Account, Contact


def why_not_merge(winner: Account | Contact, loser: Account | Contact) -> str:
    """Why two accounts, or contacts, cannot become one; empty where they can."""
    if winner.pk == loser.pk:
        what = "A contact" if isinstance(winner, Contact) else "An account"
        return f"{what} cannot be merged with itself."
    if winner.is_sample != loser.is_sample:
        return (
            "One of the two is sample data. Merged, real rows would go when the sample data is "
            "destroyed."
        )
    return ""


def locked_pair[Row: (Account, Contact)](
    model: type[Row], winner_id: int, loser_id: int
) -> tuple[Row, Row]:
    """Both rows, which nobody else changes until the end; raises ValidationError for a pair that
    cannot be merged."""
    tree.lock()  # before any row, so that merges of accounts and of their contacts take turns
    ids = {winner_id, loser_id}
    rows = model._default_manager.select_for_update(of=("self",)).filter(pk__in=ids)
    found = {row.pk: row for row in rows.order_by("pk")}
    if found.keys() != ids:
        raise ValidationError(f"One of the two {model._meta.verbose_name}s is not there any more.")
    winner, loser = found[winner_id], found[loser_id]
    if problem := why_not_merge(winner, loser):
        raise ValidationError(problem)
    return winner, loser
