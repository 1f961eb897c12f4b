"""What cannot be done with a task, in words for the person who asked."""

from __future__ import annotations

from afterclose.businesses.errors import Refused


class AlreadyOpenAgain(Refused):
    """A rule has opened its task anew, so the old one cannot come back beside it."""

    def __init__(self, title: str) -> None:
        super().__init__(
            f"“{title}” is open again already, under a newer task. Work on that one instead."
        )
