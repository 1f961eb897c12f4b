"""Why a whole file cannot be read; each message says what it is and what to do."""


class TabularError(ValueError):
    """A file that cannot be read as a table. `line` is where, when that is known."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class EmptyFile(TabularError):
    def __init__(self, message: str = "") -> None:
        super().__init__(message or "The file is empty. Choose a file with a header and rows.")


class TooLarge(TabularError):
    """`size` and `limit` in bytes."""

    def __init__(self, size: int, limit: int) -> None:
        megabytes = 1024 * 1024
        super().__init__(
            f"The file has {-(-size // megabytes)} MB; the limit is {limit // megabytes} MB. "
            "Split it into several files."
        )
        self.size, self.limit = size, limit


class TooLargeUnpacked(TabularError):
    """An XLSX file is a compressed archive; `size` and `limit` of what is in it, in bytes."""

    def __init__(self, size: int, limit: int) -> None:
        megabytes = 1024 * 1024
        super().__init__(
            f"Unpacked, the workbook has {-(-size // megabytes):,} MB; the limit is "
            f"{limit // megabytes:,} MB. Save its sheet as CSV."
        )


class NotATable(TabularError):
    """`what` the file seems to be instead: "a PDF document"."""

    def __init__(self, what: str) -> None:
        super().__init__(f"This looks like {what}, not a table. Choose a CSV or XLSX file.")
        self.what = what


class PasswordProtected(TabularError):
    def __init__(self) -> None:
        super().__init__(
            "The workbook is protected by a password. Save it without one and try again."
        )


class OldWorkbook(TabularError):
    def __init__(self) -> None:
        super().__init__(
            "This is a workbook of an old Excel (XLS). Save it as XLSX or CSV and try again."
        )


class BrokenQuotes(TabularError):
    def __init__(self, line: int) -> None:
        super().__init__(
            f"The quotes in this file are broken on many lines, up to line {line}. "
            "Check the delimiter, or save the file again as CSV.",
            line=line,
        )
