"""What can be wrong with asking for sample data."""

from __future__ import annotations

SMALLEST, LARGEST = 20, 1_000_000


class SampleProblem(ValueError):
    """The request cannot be met; the message says why and what to do."""


class WrongSizeError(SampleProblem):
    """Too few or too many accounts were asked for."""

    def __init__(self, size: int) -> None:
        super().__init__(
            f"{size:,} accounts cannot be made. Ask for {SMALLEST} to {LARGEST:,} accounts."
        )


class HasSampleDataError(SampleProblem):
    """There is sample data already."""

    def __init__(self, size: int) -> None:
        super().__init__(
            f"This business has sample data already ({size:,} accounts)."
            " Destroy it first, then generate it anew."
        )


class BeingDestroyedError(SampleProblem):
    """The sample data is on its way out."""

    def __init__(self) -> None:
        super().__init__("The sample data is being destroyed. Wait until that is done.")
