"""XLSX as spreadsheets write it and as nobody should: read as a stream, never believed."""

import io
import tracemalloc
import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import given, settings, strategies as st
from python_calamine import CalamineWorkbook

from afterclose.kit.tabular import (
    EmptyFile,
    NotATable,
    PasswordProtected,
    TabularError,
    detect,
    read_table,
)
from afterclose.kit.tabular.workbook import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/texts.xml" ContentType="{KIND}.sharedStrings+xml"/></Types>'
)
BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
    '<sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>'
)
PARTS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/s.xml"/>'
    f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="/xl/texts.xml"/></Relationships>'
)


def by_hand(rows, *, texts="<sst/>", book=BOOK, parts=PARTS, **others):
    """A workbook of which only the rows' XML is given."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("xl/workbook.xml", book)
        archive.writestr("xl/_rels/workbook.xml.rels", parts)
        archive.writestr("xl/texts.xml", texts.replace("<sst", f'<sst xmlns="{MAIN}"'))
        archive.writestr(
            "xl/worksheets/s.xml",
            rows
            if rows.startswith("<") and "worksheet" in rows[:120]
            else f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        )
        for name, content in others.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return target


def written(fill, *sheets):
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    pages = [book.add_worksheet(name) for name in sheets or ("One",)]
    fill(book, *pages)
    book.close()
    return target


def rows_of(stream, sheet="One"):
    return [(line, cells) for line, cells, _ in Workbook(stream).rows(sheet)]


def test_cells_far_apart_cost_only_what_they_are():
    """A reader that lays the sheet out asks for 16,384 times 200,000 cells here and dies."""

    def fill(_, page):
        page.write_row(0, 0, ["id", "name"])
        page.write_row(1, 0, ["A-1", "Acme"])
        page.write_string(199_999, 16_383, "x")

    stream = written(fill)
    tracemalloc.start()
    table = read_table(stream, detect(stream).dialect)
    good, far = list(table.rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (good.line, good.cells, good.error) == (2, ["A-1", "Acme"], None)
    assert far.line == 200_000
    assert "the header has 2" in (far.error or "")
    assert peak < 10_000_000


def test_rows_come_one_by_one_without_holding_the_sheet():
    """The hundredth row is there before the last is parsed, whatever the file's size."""
    row = '<row><c t="inlineStr"><is><t>{0}</t></is></c><c><v>{0}</v></c></row>'
    stream = by_hand("".join(row.format(number) for number in range(20_000)))
    rows = Workbook(stream).rows("One")
    tracemalloc.start()
    count = sum(1 for _ in rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 6_000_000


def test_an_archive_that_unpacks_to_too_much_is_refused_by_its_directory(monkeypatch):
    monkeypatch.setattr("afterclose.kit.tabular.unpacking.MAX_UNPACKED", 10_000_000)
    bomb = by_hand("", bomb=b"\0" * 11_000_000)
    assert len(bomb.getvalue()) < 20_000
    with pytest.raises(TabularError, match="Unpacked, the workbook has 11 MB"):
        detect(bomb)


def test_texts_without_end_are_given_up(monkeypatch):
    monkeypatch.setattr("afterclose.kit.tabular.unpacking.MAX_TEXTS", 100_000)
    texts = "<sst>" + "".join(f"<si><t>text {n}</t></si>" for n in range(10_000)) + "</sst>"
    with pytest.raises(TabularError, match="Save the sheet as CSV"):
        rows_of(by_hand('<row><c t="s"><v>1</v></c></row>', texts=texts))
    one = f"<sst><si><t>{'x' * 3_000_000}</t></si></sst>"
    with pytest.raises(TabularError, match="Save the sheet as CSV"):
        rows_of(by_hand('<row><c t="s"><v>0</v></c></row>', texts=one))


@pytest.mark.parametrize(
    "sheet",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><worksheet><sheetData><row/></sheetData></worksheet>',
        "<worksheet><sheetData><row><c><v>1</v></row></sheetData></worksheet>",
        "<worksheet><sheetData><row>",
        f'<worksheet><sheetData><row><c r="{"A" * 3_000_000}"/></row></sheetData></worksheet>',
        '<row r="3"><c><v>1</v></c></row><row r="3"><c><v>2</v></c></row>',
        '<row r="1048577"><c><v>1</v></c></row>',
        f"<row>{'<c/>' * 200_001}</row>",
        "<row><c/>" * 70 + "</row>" * 70,
        '<row><c t="s"><v>99</v></c></row>',
        "<row><c><v>text without saying so</v></c></row>",
    ],
    ids=[
        "entities",
        "not well-formed",
        "cut off",
        "a tag without end",
        "the same row twice",
        "a row behind the last",
        "a row of more cells than a sheet has",
        "rows in rows",
        "a text that is not there",
        "a number that is none",
    ],
)
def test_damaged_xml_is_said_to_be_damaged(sheet):
    with pytest.raises(NotATable, match="damaged"):
        rows_of(by_hand(sheet))


def test_a_damaged_archive_is_said_to_be_damaged():
    whole = written(lambda _, page: page.write_row(0, 0, ["id", "name"])).getvalue()
    name = b"xl/worksheets/sheet1.xml"
    inside = whole.index(name) + len(name) + 20
    for spoiled in (whole[:200], whole[:-30], whole[:inside] + b"????" + whole[inside + 4 :]):
        with pytest.raises(NotATable):
            list(read_table(io.BytesIO(spoiled), detect(io.BytesIO(spoiled)).dialect).rows)


def archive(**parts):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return target


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (archive(content_xml="<a/>"), "an OpenDocument file"),
        (archive(word__document_xml="<a/>"), "a Word document"),
        (archive(readme="hello"), "a compressed archive"),
    ],
)
def test_other_archives_are_named(content, said):
    with pytest.raises(NotATable, match=said):
        detect(content)


def test_old_and_protected_workbooks_are_told_apart():
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000
    with pytest.raises(TabularError, match=r"old Excel .* Save it as XLSX"):
        detect(io.BytesIO(ole))
    with pytest.raises(PasswordProtected):
        detect(io.BytesIO(ole + "EncryptedPackage".encode("utf-16-le")))


def test_the_first_sheet_with_rows_is_taken_and_blank_rows_keep_the_line_numbers():
    def fill(_, _empty, page, last):
        page.write_row(3, 0, ["id", "name"])
        page.write_row(6, 0, ["A-1", "Acme"])
        last.write(0, 0, "other")

    stream = written(fill, "Cover", "Data", "Notes")
    found = detect(stream)
    assert (found.dialect.sheet, found.sheets) == ("Data", ["Cover", "Data", "Notes"])
    assert found.headers == ["id", "name"]
    assert [(row.line, row.cells) for row in read_table(stream, found.dialect).rows] == [
        (7, ["A-1", "Acme"])
    ]
    with pytest.raises(EmptyFile):
        detect(written(lambda *_: None, "One", "Two"))


def test_formulas_count_by_their_result_and_merged_cells_by_their_first():
    def fill(book, page):
        page.write_formula(0, 0, "=1+1", None, 2)
        page.write_formula(0, 1, '="a"&"b"', None, "ab")
        page.merge_range(1, 0, 1, 2, "merged")
        page.write(2, 0, "after")

    (_, first), (_, second), (_, third) = rows_of(written(fill))
    assert first == [2, "ab"]
    assert second == ["merged"]
    assert third == ["after"]


def test_numbers_are_dates_where_their_format_says_so():
    def fill(book, page):
        for column, (number, code) in enumerate(
            [
                (45322, "dd/mm/yyyy"),
                (45322.75, 'yyyy"-"mm"-"dd hh:mm'),
                (45322, '0.00 "days"'),
                (45322, "General"),
                (45322, "[$-409]d mmm yy;@"),
                (0.5, "hh:mm"),
                (1.5, "[h]:mm"),
                (-5, "dd/mm/yyyy"),
                (59, "dd/mm/yyyy"),
                (61, "dd/mm/yyyy"),
            ]
        ):
            page.write_number(0, column, number, book.add_format({"num_format": code}))

    [(_, cells)] = rows_of(written(fill))
    assert cells == [
        date(2024, 1, 31),
        datetime(2024, 1, 31, 18, 0),
        45322,
        45322,
        date(2024, 1, 31),
        "12:00:00",
        str(timedelta(days=1, hours=12)),
        -5,
        date(1900, 2, 28),
        date(1900, 3, 1),
    ]


def test_workbooks_that_count_from_1904_are_four_years_and_a_day_later():
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "date_1904": True})
    book.add_worksheet("One").write_datetime(
        0, 0, datetime(2024, 1, 31), book.add_format({"num_format": "d.m.yy"})
    )
    book.close()
    assert rows_of(target) == [(1, [date(2024, 1, 31)])]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("m/d/yy", date(1900, 1, 1)),
        ("[Red]0.00", 1),
        ('#,##0\\ "USD/day"', 1),
        ("[mm]:ss", "1 day, 0:00:00"),
        ("General", 1),
        ('0;[Red]-0;"d"', 1),
    ],
)
def test_what_a_number_format_means(code, found):
    def fill(book, page):
        page.write_number(0, 0, 1, book.add_format({"num_format": code}))

    assert rows_of(written(fill)) == [(1, [found])]


def test_what_other_writers_write_is_read_too():
    sheet = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetPr/><x:sheetData>'
        '<x:row r="2"><x:c t="s"><x:v>0</x:v></x:c><x:c t="b"><x:v>1</x:v></x:c>'
        '<x:c t="e"><x:v>#REF!</x:v></x:c><x:c t="d"><x:v>2024-01-31</x:v></x:c></x:row>'
        '<x:row><x:c r="C3"><x:v>1.50</x:v></x:c><x:c t="str"><x:f>A1</x:f><x:v>f</x:v></x:c>'
        "</x:row><x:row><x:c><x:v>12345678901234567</x:v></x:c><x:c><x:f>A1</x:f></x:c></x:row>"
        "</x:sheetData></x:worksheet>"
    )
    texts = "<sst><si><r><t>two </t></r><r><t>runs_x000D_</t></r><rPh><t>no</t></rPh></si></sst>"
    texts = texts.replace("<rPh>", '<rPh sb="0" eb="1">')
    assert rows_of(by_hand(sheet, texts=texts)) == [
        (2, ["two runs\r", True, "#REF!", date(2024, 1, 31)]),
        (3, [None, None, Decimal("1.5"), "f"]),
        (4, [12345678901234567]),
    ]


def test_faults_outside_the_rows_cost_nothing():
    """Programs that write XLSX get colours, properties and rules wrong, and Excel opens it."""
    sheet = (
        f'<worksheet xmlns="{MAIN}"><sheetData><row><c s="1"><v>45322</v></c></row></sheetData>'
        '<dataValidations><dataValidation type="bogus" sqref="A1"/></dataValidations>'
        '<conditionalFormatting><cfRule type="bogus"/></conditionalFormatting></worksheet>'
    )
    styles = (
        f'<styleSheet xmlns="{MAIN}"><fills><fill/></fills><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="14"/></cellXfs></styleSheet>'
    )
    stream = by_hand(sheet, xl__styles_xml=styles, docProps__core_xml="<not><well/></formed>")
    assert rows_of(stream) == [(1, [date(2024, 1, 31)])]


def test_texts_cannot_be_passed_off_as_rows_nor_rows_as_texts():
    """What is let go of as it ends in one place would be held for ever in the other."""
    rows = "<sst>" + "<a><row/></a>" * 101_000 + "</sst>"
    with pytest.raises(NotATable, match="damaged"):
        rows_of(by_hand("", texts=rows))
    parts = PARTS.replace("worksheets/s.xml", "/xl/texts.xml")
    with pytest.raises(EmptyFile):
        Workbook(by_hand("", parts=parts))


def test_a_workbook_in_strict_form_is_told_how_to_save_it():
    strict = "http://purl.oclc.org/ooxml/officeDocument/relationships"
    with pytest.raises(TabularError, match=r"Strict Open XML\. Save it as an ordinary Excel"):
        detect(by_hand("<row/>", book=BOOK.replace(OFFICE, strict)))


def test_an_encrypted_part_asks_for_the_password():
    whole = bytearray(by_hand("<row><c><v>1</v></c></row>").getvalue())
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        start = archive.getinfo("xl/worksheets/s.xml").header_offset
    central = whole.rindex(b"PK\x01\x02", 0, whole.rindex(b"xl/worksheets/s.xml"))
    whole[start + 6] |= 1
    whole[central + 8] |= 1
    with pytest.raises(PasswordProtected):
        detect(io.BytesIO(whole))


def test_a_cell_of_more_than_a_megabyte_is_the_row_s_own_fault():
    row = '<row><c t="inlineStr"><is><t>{}</t></is></c></row>'
    stream = by_hand(row.format("x" * 1_048_577) + row.format("short"))
    (_, _, problem), (line, cells, fine) = Workbook(stream).rows("One")
    assert problem == "A cell is longer than 1 MB."
    assert (line, cells, fine) == (2, ["short"], None)


def test_what_nobody_can_store_becomes_the_replacement_sign():
    row = '<row><c t="inlineStr"><is><t>a_x0000_b_xD800_c_x00e9_</t></is></c></row>'
    assert rows_of(by_hand(row)) == [(1, ["a\ufffdb\ufffdc\u00e9"])]


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(-1e6, 1e6).map(lambda number: round(number, 4)),
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12
    ).filter(lambda text: "_x" not in text and "\ufffe" not in text and "\uffff" not in text),
    st.dates(date(1904, 1, 2), date(2199, 12, 31)),
    st.datetimes(datetime(1904, 1, 2), datetime(2199, 12, 31)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
)


@settings(max_examples=40)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=6))
def test_another_reader_finds_the_same_cells(rows):
    """Against calamine, which lays the sheet out and so may only be asked about small ones."""

    def fill(book, page):
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for line, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    page.write_datetime(line, column, cell, moment)
                elif isinstance(cell, date):
                    page.write_datetime(line, column, cell, day)
                elif isinstance(cell, str):
                    page.write_string(line, column, cell)
                elif isinstance(cell, bool):
                    page.write_boolean(line, column, cell)
                elif cell is not None:
                    page.write_number(line, column, cell)

    stream = written(fill)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(stream.getvalue())).get_sheet_by_index(0)
    theirs = {}
    for line, cells in enumerate(sheet.to_python(skip_empty_area=False), start=1):
        plain = [None if cell == "" else cell for cell in cells]
        while plain and plain[-1] is None:
            plain.pop()
        if plain:
            theirs[line] = plain
    ours = {
        line: [float(cell) if isinstance(cell, Decimal) else cell for cell in cells]
        for line, cells in rows_of(stream)
    }
    assert ours == theirs
