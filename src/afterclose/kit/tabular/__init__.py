"""Tables from outside and to outside: CSV and XLSX, read and written in bounded memory.

`detect` looks at a file and says what it is (encoding, delimiter, date order, decimal sign),
for a person to confirm; `read_table` then yields its rows one by one; `values` turns cells
into numbers, dates and flags; `writing` makes files that a spreadsheet opens safely.
"""

from afterclose.kit.tabular.detecting import Detection, detect, look_again
from afterclose.kit.tabular.errors import (
    BrokenQuotes,
    EmptyFile,
    NotATable,
    PasswordProtected,
    TabularError,
    TooLarge,
)
from afterclose.kit.tabular.headers import normalise_header, unique_headers
from afterclose.kit.tabular.reading import Dialect, Row, Table, cell_text, read_table
from afterclose.kit.tabular.values import (
    BadValue,
    Cell,
    DateOrder,
    parse_date,
    parse_flag,
    parse_instant,
    parse_integer,
    parse_number,
)
from afterclose.kit.tabular.writing import csv_bytes, neutralise, write_xlsx

__all__ = [
    "BadValue",
    "BrokenQuotes",
    "Cell",
    "DateOrder",
    "Detection",
    "Dialect",
    "EmptyFile",
    "NotATable",
    "PasswordProtected",
    "Row",
    "Table",
    "TabularError",
    "TooLarge",
    "cell_text",
    "csv_bytes",
    "detect",
    "look_again",
    "neutralise",
    "normalise_header",
    "parse_date",
    "parse_flag",
    "parse_instant",
    "parse_integer",
    "parse_number",
    "read_table",
    "unique_headers",
    "write_xlsx",
]
