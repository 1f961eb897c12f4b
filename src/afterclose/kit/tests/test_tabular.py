"""Reading what people really upload, and refusing what is not a table."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import given, strategies as st

from afterclose.kit.tabular import (
    BadValue,
    BrokenQuotes,
    Dialect,
    EmptyFile,
    NotATable,
    TooLarge,
    csv_bytes,
    detect,
    neutralise,
    normalise_header,
    parse_date,
    parse_flag,
    parse_instant,
    parse_integer,
    parse_number,
    read_table,
    unique_headers,
    write_xlsx,
)
from afterclose.kit.tabular.writing import restore

TEXT = "Name;Straße;Betrag;Am\nMüller & Söhne;Große Allee 1;1.234,50;31.01.2024\n"


def rows_of(content: bytes, dialect: Dialect | None = None):
    found = dialect or detect(io.BytesIO(content)).dialect
    return list(read_table(io.BytesIO(content), found).rows)


@pytest.mark.parametrize(
    ("encode", "encoding", "mark"),
    [
        ("utf-8", "utf-8", False),
        ("utf-8-sig", "utf-8-sig", True),
        ("cp1252", "cp1252", False),
        ("utf-16", "utf-16", True),
        ("utf-16-le", "utf-16-le", False),
        ("utf-16-be", "utf-16-be", False),
    ],
)
def test_the_encoding_is_found_and_the_text_survives(encode, encoding, mark):
    content = (TEXT * 3).encode(encode)
    found = detect(io.BytesIO(content))
    assert (found.dialect.encoding, found.byte_order_mark) == (encoding, mark)
    assert found.headers == ["Name", "Straße", "Betrag", "Am"]
    assert rows_of(content)[0].cells == [
        "Müller & Söhne",
        "Große Allee 1",
        "1.234,50",
        "31.01.2024",
    ]


@pytest.mark.parametrize("delimiter", ";,\t")
def test_excels_own_first_line_says_the_delimiter_and_is_no_heading(delimiter):
    text = f'sep={delimiter}\r\nId{delimiter}Name\r\n1{delimiter}"a{delimiter}b"\r\n'
    found = detect(io.BytesIO(text.encode("utf-8-sig")))
    assert found.dialect.delimiter == delimiter
    assert found.headers == ["Id", "Name"]
    assert found.sample == [["1", f"a{delimiter}b"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_even_when_others_stand_in_the_text(delimiter):
    lines = [["id", "name", "note"], ["1", "Acme", "a, b; c"], ["2", "Bolt", "x | y"]]
    content = "\n".join(
        delimiter.join(f'"{cell}"' if i else cell for i, cell in enumerate(line)) for line in lines
    )
    found = detect(io.BytesIO(content.encode()))
    assert found.dialect.delimiter == delimiter
    assert found.sample[0] == ["1", "Acme", "a, b; c"]


@pytest.mark.parametrize(
    ("cells", "order", "certain"),
    [
        (["27-10-2024", "01-02-2024"], "dmy", True),
        (["10/27/2024", "01/02/2024"], "mdy", True),
        (["2024-10-27"], "ymd", True),
        (["01/02/2024", "03/04/2024"], "dmy", False),
        (["27-10-2024 13:45"], "dmy", True),
        (["31-02-2024"] + ["15-01-2024"] * 5, "dmy", True),
    ],
)
def test_the_date_order_is_found_and_doubt_is_admitted(cells, order, certain):
    found = detect(io.BytesIO(("id,day\n" + "".join(f"1,{cell}\n" for cell in cells)).encode()))
    assert (found.dialect.date_order, found.date_order_certain) == (order, certain)


@pytest.mark.parametrize(
    ("cells", "comma", "certain"),
    [
        (["1,5", "2,75"], True, True),
        (["1.5", "2.75"], False, True),
        (["1.234,50"], True, True),
        (["1,234.50"], False, True),
        (["1,234"], False, False),
        (["12", "15"], False, True),
    ],
)
def test_the_decimal_sign_is_found_and_doubt_is_admitted(cells, comma, certain):
    found = detect(io.BytesIO(("id;n\n" + "".join(f"1;{cell}\n" for cell in cells)).encode()))
    assert (found.dialect.decimal_comma, found.decimal_certain) == (comma, certain)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", EmptyFile),
        (b"\xef\xbb\xbf \r\n\n", EmptyFile),
        (b"%PDF-1.7 ...", NotATable),
        (b"\x89PNG\r\n\x1a\n....", NotATable),
        (b"\x00\x01\x02\x03\x00\x00\xff" * 50, NotATable),
        (b"<!doctype html><html><body>Sign in</body></html>", NotATable),
        (b'{"accounts": []}', NotATable),
        (b"PK\x03\x04 not really a workbook", NotATable),
        (b"\x1f\x8b\x08\x00abc", NotATable),
        (bytes(range(1, 256)) * 20, NotATable),
    ],
)
def test_what_is_not_a_table_is_refused_with_a_reason(content, problem):
    with pytest.raises(problem) as refused:
        detect(io.BytesIO(content))
    assert str(refused.value).endswith(".")


def test_too_large_a_file_is_refused_before_it_is_read():
    with pytest.raises(TooLarge, match="201 MB; the limit is 200 MB"):
        detect(io.BytesIO(b"a,b\n1,2\n"), size=200 * 1024 * 1024 + 1)
    with pytest.raises(TooLarge):
        detect(io.BytesIO(b"a,b\n" + b"1,2\n" * 1000), limit=100)


def test_a_quote_that_is_never_closed_costs_one_row_not_the_file():
    content = (
        b'id,name\n1,Acme\n2,"Bolt\n3,Core\n4,"Dyn ""X"" Ltd"\n5,"ok\nstill ok"\n6,"x"y\n7,z\n'
    )
    rows = rows_of(content)
    assert [(row.line, bool(row.error)) for row in rows] == [
        (2, False),
        (3, True),
        (4, False),
        (5, False),
        (6, False),
        (8, True),
        (9, False),
    ]
    assert rows[4].cells == ["5", "ok\nstill ok"]
    assert "quotes are broken" in rows[1].error


def test_a_file_full_of_broken_quotes_is_given_up_with_the_line():
    with pytest.raises(BrokenQuotes):
        rows_of(b"id,name\n" + b'1,"x"y\n' * 500, Dialect())


def test_a_spoiled_byte_costs_its_row_not_the_encoding_of_the_file():
    lines = ["id,name"] + [f"{n},Müller" for n in range(20)]
    content = "\n".join(lines).encode() + b"\n99,Caf\xe9 Z\n"
    rows = rows_of(content)
    assert detect(io.BytesIO(content)).dialect.encoding == "utf-8"
    assert [row.line for row in rows if row.error] == [22]
    assert rows[-1].cells == ["99", "Caf\ufffd Z"]


def test_short_rows_are_padded_long_ones_are_errors_and_blank_ones_are_passed_over():
    rows = rows_of(b"a,b,c\n1,2\n\n,,\n1,2,3,,\n1,2,3,4\n", Dialect())
    assert [(row.line, row.cells[:3], row.error) for row in rows] == [
        (2, ["1", "2", ""], None),
        (5, ["1", "2", "3"], None),
        (6, ["1", "2", "3"], "The row has 4 cells, the header has 3."),
    ]


def test_headings_are_compared_without_case_accents_and_punctuation():
    for heading in ("Account ID", "accountId", "ACCOUNT-ID", " account_id ", "\ufeffAccount.Id"):
        assert normalise_header(heading) == "account_id"
    assert normalise_header("Prénom") == "prenom"
    assert normalise_header("MRRAmount") == "mrr_amount"


def test_headings_that_repeat_or_are_missing_get_names_of_their_own():
    assert unique_headers(["Name", "", "Name", "Name (2)", "Name"]) == [
        "Name",
        "Column 2",
        "Name (2)",
        "Name (2) (2)",
        "Name (3)",
    ]


@given(st.lists(st.text(max_size=8), min_size=1, max_size=12))
def test_headings_are_always_unique(cells):
    assert len(set(unique_headers(cells))) == len(cells)


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("27-10-2024", "dmy", date(2024, 10, 27)),
        ("28-07-2023 03:00", "dmy", date(2023, 7, 28)),
        ("10/27/2024", "mdy", date(2024, 10, 27)),
        ("2024-10-27", "dmy", date(2024, 10, 27)),
        ("20241027", "dmy", date(2024, 10, 27)),
        ("27.10.24", "dmy", date(2024, 10, 27)),
        ("27 Oct 2024", "mdy", date(2024, 10, 27)),
        ("October 27, 2024", "dmy", date(2024, 10, 27)),
        ("27-Sept-2024", "mdy", date(2024, 9, 27)),
        ("24/10/27", "ymd", date(2024, 10, 27)),
        ("", "dmy", None),
        ("NULL", "dmy", None),
    ],
)
def test_dates_as_files_write_them(text, order, expected):
    assert parse_date(text, order=order) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31-02-2024", "February 2024 has no day 31"),
        ("29-02-2023", "February 2023 has no day 29"),
        ("01-13-2024", "there is no month 13"),
        ("soon", "is not a date"),
        ("45000", "is not a date"),
        ("2024-01-01 25:00", "no valid time"),
    ],
)
def test_a_date_that_is_not_in_the_calendar_is_refused_with_the_reason(text, reason):
    with pytest.raises(BadValue, match=reason):
        parse_date(text, order="dmy")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("28-07-2023 03:00", datetime(2023, 7, 28, 1, 0, tzinfo=UTC)),
        ("28-07-2023", datetime(2023, 7, 27, 22, 0, tzinfo=UTC)),
        ("2023-07-28T03:00:00Z", datetime(2023, 7, 28, 3, 0, tzinfo=UTC)),
        ("2023-07-28 03:00:00.123456 +0200", datetime(2023, 7, 28, 1, 0, 0, 123456, tzinfo=UTC)),
        ("28/07/2023 3:05 pm", datetime(2023, 7, 28, 13, 5, tzinfo=UTC)),
        (datetime(2023, 7, 28, 3), datetime(2023, 7, 28, 1, tzinfo=UTC)),
        (date(2023, 1, 1), datetime(2022, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_instants_without_a_zone_are_the_business_s_wall_clock(cell, expected):
    assert parse_instant(cell, order="dmy", time_zone="Europe/Berlin") == expected


@given(st.text(max_size=30), st.sampled_from(["ymd", "dmy", "mdy"]))
def test_no_text_crashes_the_readers(text, order):
    for read in (
        lambda: parse_date(text, order=order),
        lambda: parse_instant(text, order=order, time_zone="America/New_York"),
        lambda: parse_number(text, decimal_comma=True),
        lambda: parse_integer(text),
        lambda: parse_flag(text),
    ):
        try:
            read()
        except BadValue as problem:
            assert str(problem)


@given(st.dates(date(1970, 1, 1), date(2069, 12, 31)))
def test_a_date_reads_back_in_every_order(day):
    assert parse_date(f"{day:%d-%m-%Y}", order="dmy") == day
    assert parse_date(f"{day:%m/%d/%Y}", order="mdy") == day
    assert parse_date(f"{day:%d.%m.%y}", order="dmy") == day
    assert parse_date(day.isoformat(), order="mdy") == day


def test_numbers_and_flags():
    assert parse_number("1.234,5", decimal_comma=True) == Decimal("1234.5")
    assert parse_number("12 %") == Decimal("0.12")
    assert parse_integer("12.0") == 12
    assert parse_integer(Decimal(7)) == 7
    with pytest.raises(BadValue, match="whole"):
        parse_integer("12.5")
    assert [parse_flag(word) for word in ("TRUE", "no", "1", "", "Y")] == [
        True,
        False,
        True,
        None,
        True,
    ]
    with pytest.raises(BadValue, match="neither yes nor no"):
        parse_flag("perhaps")


# ------------------------------------------------------------------------------ out


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("-12.50", "-12.50"),
        ("-1,234.50", "-1,234.50"),
        ("+7", "+7"),
        ("'=1", "''=1"),
        ("'tis", "'tis"),
        ("-5 %", "-5 %"),
        ("+49 30 1234", "'+49 30 1234"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_formulas_are_neutralised_and_negative_numbers_are_not(text, written):
    assert neutralise(text) == written
    assert restore(written) == text


@given(st.text(max_size=20))
def test_no_written_text_starts_a_formula_and_all_of_it_comes_back(text):
    written = neutralise(text)
    if written[:1] in set("=@\t\r"):
        raise AssertionError(written)
    assert restore(written) == text


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=10),
            min_size=3,
            max_size=3,
        ),
        max_size=20,
    )
)
def test_what_is_written_as_csv_reads_back(rows):
    content = b"".join(csv_bytes(["a", "b", "c"], rows))
    read = list(read_table(io.BytesIO(content), Dialect(encoding="utf-8-sig")).rows)
    expected = [[neutralise(cell) for cell in row] for row in rows if any(row)]
    assert [row.cells for row in read] == expected


def test_a_workbook_keeps_types_and_reads_back():
    target = io.BytesIO()
    moment = datetime(2024, 5, 1, 13, 45, tzinfo=UTC)
    count = write_xlsx(
        target,
        ["id", "amount", "day", "at", "yes", "text"],
        [
            [1, Decimal("-12.5"), date(2024, 1, 31), moment, True, "=1+1"],
            ["", None, "", "", "", "x"],
        ],
    )
    assert count == 2
    found = detect(io.BytesIO(target.getvalue()))
    assert (found.dialect.format, found.sheets) == ("xlsx", ["Export"])
    table = read_table(io.BytesIO(target.getvalue()), found.dialect)
    assert table.headers == ["id", "amount", "day", "at", "yes", "text"]
    first = next(table.rows)
    assert first.cells == [
        1,
        Decimal("-12.5"),
        date(2024, 1, 31),
        datetime(2024, 5, 1, 13, 45),
        True,
        "=1+1",
    ]
    assert first.line == 2


def test_an_empty_sheet_and_a_workbook_s_other_sheets():
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target, {"in_memory": True})
    workbook.add_worksheet("Empty")
    page = workbook.add_worksheet("Data")
    page.write_row(0, 0, ["id", "name"])
    page.write_row(1, 0, ["A-1", "Acme"])
    workbook.close()
    with pytest.raises(EmptyFile):
        detect(io.BytesIO(target.getvalue()), sheet="Empty")
    assert detect(io.BytesIO(target.getvalue()), sheet="Data").sample == [["A-1", "Acme"]]
