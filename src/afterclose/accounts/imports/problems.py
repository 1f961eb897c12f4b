"""What a person can put right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from afterclose.accounts.imports.models import ImportProfile


class ImportProblem(ValueError):
    """Something a person can put right; `field` names the form field it belongs to."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class NameTaken(ImportProblem):
    """A mapping of that name says something else; `name` is the name."""

    def __init__(self, profile: ImportProfile) -> None:
        by = f" by {profile.saved_by}" if profile.saved_by else ""
        super().__init__(
            f"“{profile.name}” was saved{by} and says something else. Give another name, or tick"
            " that this one replaces it.",
            field="profile_name",
        )
        self.name = profile.name
