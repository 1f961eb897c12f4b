"""Where the headings of a file are: under titles, notes and blank lines (CS-7)."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from afterclose.accounts.imports import actions, passes, profiles
from afterclose.accounts.imports.command import Wishes, import_files, rejected_rows
from afterclose.accounts.imports.problems import ImportProblem
from afterclose.accounts.models import Account, ImportProfile, ImportRun
from afterclose.kit import clock
from afterclose.kit.tabular import Dialect, detect, read_table, write_xlsx
from tests.cast import Cast

TITLED = (
    "Customers of Northwind;;;\nAs of 20.11.2026\n\nid;name;seats;signup_date\n"
    "H-1;Helio;12;20.01.2024\nH-2;Iris;7;21.01.2024\n"
)


def found(text: str) -> tuple[int, list[str]]:
    detection = detect(io.BytesIO(text.encode()))
    return detection.dialect.header_line, detection.headers


@pytest.mark.parametrize(
    ("text", "line", "headers"),
    [
        ("id,name\n1,A\n2,B\n", 1, ["id", "name"]),
        ("\n\n,\nid,name\n1,A\n", 4, ["id", "name"]),
        ("sep=;\nid;name\n1;A\n", 2, ["id", "name"]),
        ("Customers\nid,name\n1,A\n2,B\n", 2, ["id", "name"]),
        ('"Customers,\nall of them"\nid,name,seats\n1,A,2\n2,B,3\n', 3, ["id", "name", "seats"]),
        (TITLED, 4, ["id", "name", "seats", "signup_date"]),
        ("Report,Customers\nBy,Dana\n\nid,name,a,b,c\n1,A,,,\n2,B,1,1,1\n3,C,1,1,1\n", 4,
         ["id", "name", "a", "b", "c"]),
        # Nothing here is a title: rows with a cell too many, one column, headings alone.
        ("id,name,seats\n1,A,2,x\n2,B,3,x\n", 1, ["id", "name", "seats"]),
        ("email\na@b.example\nc@d.example\n", 1, ["email"]),
        ("id,name\n", 1, ["id", "name"]),
    ],
)  # fmt: skip
def test_the_headings_are_found_under_what_stands_above(
    text: str, line: int, headers: list[str]
) -> None:
    assert found(text) == (line, headers)


@given(st.integers(2, 8), st.integers(2, 60), st.integers(0, 9), st.integers(0, 9))
def test_titles_above_an_even_table_change_nothing_of_it(
    width: int, height: int, titles: int, blanks: int
) -> None:
    rows = [[f"{row}x{column}" for column in range(width)] for row in range(height)]
    body = "\n".join(",".join(row) for row in rows)
    above = "A title\n" * titles + "\n" * blanks
    plain, titled = (detect(io.BytesIO(text.encode())) for text in (body, above + body))
    assert plain.dialect.header_line == 1
    if titles <= height:  # else most of the rows looked at are titles
        assert titled.dialect.header_line == titles + blanks + 1
        assert (titled.headers, titled.sample) == (plain.headers, plain.sample)


def test_a_row_keeps_its_line_and_a_line_past_the_end_is_an_empty_table() -> None:
    table = read_table(io.BytesIO(b"Title\na,b\n1,2\n"), Dialect(header_line=2))
    assert (table.headers, [row.line for row in table.rows]) == (["a", "b"], [3])


# ------------------------------------------------------------------------- as an import


def take(
    cast: Cast, content: bytes | str, kind: str = "", profile: ImportProfile | None = None
) -> ImportRun:
    data = content.encode() if isinstance(content, str) else content
    return actions.take_in(
        actor=cast.owner,
        at=clock.now(),
        import_set=actions.start_set(actor=cast.owner, at=clock.now()),
        file_name="file.csv",
        stream=io.BytesIO(data),
        size=len(data),
        kind=kind,
        profile=profile,
    )


def sheet(rows: Sequence[Sequence[str | int]]) -> bytes:
    target = io.BytesIO()
    write_xlsx(target, [str(each) for each in rows[0]], rows[1:])
    return target.getvalue()


def test_a_titled_file_is_recognised_and_imported(at_work: Cast, tmp_path) -> None:
    path = tmp_path / "titled.csv"
    path.write_text(TITLED + "H-3;Jo;-1;22.01.2024\n")
    [run] = import_files([path], actor=at_work.owner, wishes=Wishes())
    assert (run.kind, run.counts) == ("accounts", {"created": 2, "error": 1})
    assert run.detection["above"] == ["Customers of Northwind", "As of 20.11.2026"]
    assert [row[0] for row in rejected_rows(run)] == ["7"], "the line of the file"
    assert Account.objects.get(external_id="H-1").seats == 12


def test_a_titled_workbook_is_recognised(at_work: Cast) -> None:
    run = take(at_work, sheet([["Customers"], [], ["id", "name", "seats"], ["H-1", "Helio", 3]]))
    assert (run.kind, run.dialect["header_line"]) == ("accounts", 3)
    assert run.mapping == {"external_id": "id", "name": "name", "seats": "seats"}


def test_known_headings_are_found_under_a_row_that_is_as_wide(at_work: Cast) -> None:
    text = "What,Who,How many\nid,name,seats\nH-1,Helio,12\n"
    assert take(at_work, text).dialect["header_line"] == 2
    assert take(at_work, text, kind="accounts").dialect["header_line"] == 2
    grouped = "Account,,Size\nid,name,seats\nH-1,Helio,12\n"
    assert take(at_work, grouped).dialect["header_line"] == 2


ODD = "Kennung;Firma;Plätze\nK-1;Helio;12\n"
UNDER = "Stand;heute;20.11.2026\n" + ODD


def test_the_row_of_the_headings_is_corrected_and_remembered_with_the_mapping(
    at_work: Cast,
) -> None:
    run = take(at_work, UNDER, kind="accounts")
    assert run.detection["headers"] == ["Stand", "heute", "20.11.2026"]
    run = actions.change_reading(actor=at_work.owner, run_id=run.id, dialect={"header_line": 2})
    assert run.detection["headers"] == ["Kennung", "Firma", "Plätze"]
    chosen = {"external_id": "Kennung", "name": "Firma", "seats": "Plätze"}
    actions.confirm_mapping(actor=at_work.owner, run_id=run.id, mapping=chosen)
    saved = profiles.save(actor=at_work.owner, at=clock.now(), run_id=run.id, name="ERP")
    for again in (UNDER, "Noch eine Zeile\n" + UNDER, ODD):
        run = take(at_work, again)
        assert run.mapping == chosen
        assert run.profile_name == "ERP"
    shorter = UNDER.replace("Plätze", "Sitze")
    assert take(at_work, shorter, kind="accounts").mapping == {}
    run = take(at_work, shorter, kind="accounts", profile=saved)
    assert run.mapping == {}, "a heading of the mapping is missing"
    longer = UNDER.replace("Plätze", "Plätze;Neu").replace("12", "12;x").replace("2026", "2026;x")
    run = take(at_work, longer, kind="accounts", profile=saved)
    assert (run.mapping, run.dialect["header_line"]) == (chosen, 2)


def test_the_mapping_of_the_corrected_headings_is_remembered_too(at_work: Cast) -> None:
    run = take(at_work, ODD, kind="accounts")
    chosen = {"external_id": "Kennung", "name": "Firma"}
    actions.confirm_mapping(actor=at_work.owner, run_id=run.id, mapping=chosen)
    profiles.save(actor=at_work.owner, at=clock.now(), run_id=run.id, name="ERP")
    run = take(at_work, "\n" * 3 + "x;y;z\n" * 60 + ODD, kind="accounts")
    assert run.mapping == {}, "too far down to be looked for"
    run = actions.change_reading(actor=at_work.owner, run_id=run.id, dialect={"header_line": 64})
    assert (run.mapping, run.profile_name) == (chosen, "ERP")
    run = actions.change_reading(actor=at_work.owner, run_id=run.id, dialect={"header_line": 4})
    assert (run.mapping, run.profile_name) == ({}, ""), "the mapping of other headings"
    assert ImportProfile.objects.get().mapping["name"] == "firma"


def test_a_row_behind_the_end_has_no_headings(at_work: Cast) -> None:
    run = take(at_work, ODD, kind="accounts")
    for line in (3, 1_001, -1):
        with pytest.raises(ImportProblem) as told:
            actions.change_reading(
                actor=at_work.owner, run_id=run.id, dialect={"header_line": line}
            )
        assert told.value.field == "header_line"
    passes.cancel(actor=at_work.owner, at=clock.now(), run_id=run.id)


def test_the_screen_asks_for_the_row_and_says_what_is_passed_over(at_work: Cast, sign_in) -> None:
    client = sign_in(at_work.owner)
    run = take(at_work, TITLED)
    shown = client.get(f"/imports/{run.id}/columns/").content.decode()
    assert "Headings are in row" in shown
    assert (
        "What stands above is passed over: “Customers of Northwind”, “As of 20.11.2026”." in shown
    )
    form = {
        "kind": "accounts", "encoding": "utf-8", "delimiter": "Semicolon",
        "date_order": "dmy", "decimal_comma": "comma",
    }  # fmt: skip
    answer = client.post(f"/imports/{run.id}/reading/", {**form, "header_line": "900"})
    assert answer.status_code == 422
    assert "The file has no headings in row 900: it ends before." in answer.content.decode()
    answer = client.post(f"/imports/{run.id}/reading/", {**form, "header_line": "5"})
    assert answer.status_code == 302
    run.refresh_from_db()
    assert run.detection["headers"] == ["H-1", "Helio", "12", "20.01.2024"]


def test_another_delimiter_looks_for_the_headings_anew(at_work: Cast) -> None:
    run = take(at_work, TITLED)
    run = actions.change_reading(actor=at_work.owner, run_id=run.id, dialect={"delimiter": "|"})
    assert run.dialect["header_line"] == 1
    run = actions.change_reading(actor=at_work.owner, run_id=run.id, dialect={"delimiter": ";"})
    assert (run.dialect["header_line"], run.detection["headers"][0]) == (4, "id")
