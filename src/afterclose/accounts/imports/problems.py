"""What a person can put right."""


class ImportProblem(ValueError):
    """Something a person can put right; `field` names the form field it belongs to."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field
