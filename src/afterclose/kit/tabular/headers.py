"""Column headings: compared without case, accents and punctuation, shown as they stand; and in
which row of a file they are."""

import re
import unicodedata
from collections.abc import Sequence
from statistics import median_low


def normalise_header(text: str) -> str:
    """The heading as a comparable word: "Account ID", "accountId" and "ACCOUNT-ID" are
    all `account_id`."""
    plain = unicodedata.normalize("NFKD", text.strip().lstrip("\ufeff"))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain)
    return re.sub(r"[^\w]+|_+", "_", plain.casefold()).strip("_")


def unique_headers(cells: Sequence[str]) -> list[str]:
    """Headings for people: empty ones become "Column 3", repeats get a number, "Name (2)"."""
    seen: dict[str, int] = {}
    headings: list[str] = []
    for position, cell in enumerate(cells, start=1):
        heading = cell.strip().lstrip("\ufeff") or f"Column {position}"
        count = seen.get(heading, 0) + 1
        seen[heading] = count
        if count > 1:
            numbered = f"{heading} ({count})"
            while numbered in seen:
                count += 1
                numbered = f"{heading} ({count})"
            seen[heading] = count
            seen[numbered] = 1
            heading = numbered
        headings.append(heading)
    return headings


def likely_headings(widths: Sequence[int]) -> int:
    """Which of the first rows of a file has the headings, by how many cells each has: the first
    one, unless it is at most half as wide as most rows, as titles and notes above a table are."""
    usual = median_low(widths[1:] or widths)
    if not widths or widths[0] * 2 > usual:
        return 0
    return next((at for at, width in enumerate(widths) if width * 4 >= usual * 3), 0)
