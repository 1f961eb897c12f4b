"""The list over HTTP: page, region, files, bulk, as a browser with and without htmx sees it."""

import csv
import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from afterclose.accounts.lists import AccountList
from afterclose.accounts.models import Account, AtRiskFlag, Stage
from afterclose.businesses import actions
from afterclose.businesses.models import Role

from .conftest import add

pytestmark = pytest.mark.django_db

REGION = {"HX-Request": "true", "HX-Target": "section#list-accounts"}


@pytest.fixture
def cast(owner):
    add("Acme", seats=3, arr=120_000, external_id="=cmd|' /C calc'!A0")
    add("Bolt", seats=20, stage=Stage.RENEWAL, arr=-5_050)
    add("+Plus", stage=Stage.PROSPECT)


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_page_works_whole_and_lists_the_accounts(visitor, cast):
    response = visitor.get("/accounts/")
    assert response.status_code == 200
    html = response.content.decode()
    assert html.startswith("<!doctype html>")
    assert "3 accounts" in text(response)
    assert 'aria-sort="ascending"' in html
    assert "style=" not in html.split("<main", 1)[1]


def test_htmx_gets_the_region_the_address_and_the_announcement(visitor, cast):
    response = visitor.get("/accounts/?stage=renewal&seats_min=&q=", headers=REGION)
    html = response.content.decode()
    assert "<!doctype" not in html
    assert html.count("<section") == 1
    assert response["HX-Push-Url"] == "/accounts/?stage=renewal"
    assert "1 account. Filtered." in text(response)
    assert {"HX-Request", "HX-Target"} <= set(response["Vary"].replace(" ", "").split(","))


def test_going_back_in_the_history_gets_the_whole_page(visitor, cast):
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert b"<!doctype html>" in visitor.get("/accounts/", headers=headers).content


def test_an_empty_list_says_why_and_what_next(visitor, owner):
    page = text(visitor.get("/accounts/"))
    assert "No accounts yet" in page
    assert "Add account" in page
    assert "Add filter" not in page


def test_nothing_that_matches_offers_to_clear(visitor, cast):
    response = visitor.get("/accounts/?q=nobody")
    assert "No accounts match" in text(response)
    assert 'href="/accounts/"' in response.content.decode()


def test_bad_input_is_named_on_the_page(visitor, cast):
    page = text(visitor.get("/accounts/?seats_min=abc&stage=nope&after=x&sort=zzz"))
    for words in (
        "“abc” is not a number.",
        "“nope” is not one of its values.",
        "The link to this page of the list is not valid any more.",
        "There is no column “zzz”",
    ):
        assert words in page


def test_what_rows_hold_cannot_become_markup(visitor, owner):
    add("<script>alert(1)</script>", domain="<b>")
    html = visitor.get("/accounts/?cols=name,domain&q=<script>").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def rows_of(response) -> list[list[str]]:
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content)))


def test_csv_mirrors_filters_order_and_columns_and_holds_no_formula(visitor, cast):
    response = visitor.get("/accounts/?sort=-name&cols=name,seats,arr,external_id&format=csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="accounts-')
    assert rows_of(response) == [
        ["Name", "Seats", "ARR", "ARR currency", "External id"],
        ["Bolt", "20", "-50.50", "USD", ""],
        ["Acme", "3", "1200.00", "USD", "'=cmd|' /C calc'!A0"],
        ["'+Plus", "", "", "", ""],
    ]
    filtered = visitor.get("/accounts/?stage=renewal&cols=name,stage&format=csv")
    assert rows_of(filtered) == [["Name", "Stage"], ["Bolt", "Renewal"]]


def test_xlsx_has_typed_cells(visitor, cast):
    response = visitor.get("/accounts/?sort=name&cols=name,seats,arr&format=xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(response.streaming_content)))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0] == ["Name", "Seats", "ARR", "ARR currency"]
    assert ["Bolt", 20.0, -50.5, "USD"] in rows


def test_a_file_is_refused_when_the_address_cannot_be_read(visitor, cast):
    response = visitor.get("/accounts/?stage=nope&format=csv")
    assert response.status_code == 400
    assert "Nothing was exported." in text(response)
    assert visitor.get("/accounts/?format=pdf").status_code == 404


def test_an_export_of_many_rows_takes_a_constant_number_of_queries(visitor, owner):
    def count(customers: int) -> int:
        Account.objects.bulk_create(Account(name=f"Customer {n}") for n in range(customers))
        with CaptureQueriesContext(connection) as queries:
            response = visitor.get("/accounts/?format=csv")
        assert len(rows_of(response)) == 1 + Account.objects.count()
        return len(queries)

    count(60)  # The first visit also notes the session.
    assert count(40) == count(2_400)


def post(visitor, **data):
    return visitor.post("/accounts/", data)


def test_a_bulk_action_shows_how_many_rows_then_does_it(visitor, cast, owner):
    ids = list(Account.objects.filter(name__in=["Acme", "Bolt"]).values_list("id", flat=True))
    preview = post(visitor, bulk="stage", ids=ids)
    assert "Change stage for 2 accounts" in text(preview)
    assert set(Account.objects.values_list("stage", flat=True)) == {"active", "renewal", "prospect"}
    done = post(visitor, bulk="stage", ids=ids, confirmed="2", stage="expanding")
    assert done.status_code == 302
    assert Account.objects.filter(stage="expanding").count() == 2


def test_all_that_match_are_taken_by_their_filter(visitor, cast):
    done = post(
        visitor,
        bulk="stage",
        all="1",
        query="stage=renewal&sort=-name",
        confirmed="1",
        stage="churned",
    )
    assert done.status_code == 302
    assert done["Location"] == "/accounts/?stage=renewal&sort=-name"
    assert Account.objects.get(name="Bolt").stage == Stage.CHURNED
    assert Account.objects.filter(stage=Stage.CHURNED).count() == 1


def test_when_another_number_matches_by_then_nothing_is_done_yet(visitor, cast):
    again = post(visitor, bulk="stage", all="1", query="", confirmed="2", stage="churned")
    assert "The selection has changed meanwhile" in text(again)
    assert not Account.objects.filter(stage=Stage.CHURNED).exists()


def test_when_as_many_others_match_by_then_nothing_is_done_yet(visitor, cast):
    def hidden(answer) -> dict[str, str]:
        return dict(
            re.findall(r'name="(confirmed|marked)" value="(-?\d+)"', answer.content.decode())
        )

    asked = {"bulk": "stage", "all": "1", "query": "stage=active", "stage": "churned"}
    preview = post(visitor, **asked)
    assert "Change stage for 1 account: all that match" in text(preview)
    Account.objects.filter(name="Acme").update(stage=Stage.RENEWAL)
    Account.objects.filter(name="Bolt").update(stage=Stage.ACTIVE)
    again = post(visitor, **asked, **hidden(preview))
    assert "The selection has changed meanwhile" in text(again)
    assert not Account.objects.filter(stage=Stage.CHURNED).exists()
    assert post(visitor, **asked, **hidden(again)).status_code == 302
    assert Account.objects.get(stage=Stage.CHURNED).name == "Bolt"


def test_a_form_with_an_error_comes_back_with_the_selection(visitor, cast):
    bolt = Account.objects.get(name="Bolt")
    again = post(visitor, bulk="stage", ids=[bolt.id], confirmed="1", stage="nope")
    assert again.status_code == 422
    assert f'name="ids" value="{bolt.id}"' in again.content.decode()


def test_bulk_refuses_a_filter_that_it_cannot_read_and_an_action_that_is_not_there(visitor, cast):
    assert post(visitor, bulk="stage", all="1", query="stage=nope").status_code == 400
    assert post(visitor, bulk="explode", all="1").status_code == 403
    assert post(visitor).status_code == 405
    nothing = post(visitor, bulk="stage", ids=["x", "99999999999999999999"])
    assert nothing.status_code == 302


def test_another_business_sees_and_changes_nothing(visitor, cast):
    other = actions.create_business(name="Other", owner_email="eve@other.test", at=_now())
    mine = list(Account.objects.values_list("id", flat=True))
    visitor.force_login(other.person)
    assert "No accounts yet" in text(visitor.get("/accounts/"))
    post(visitor, bulk="stage", ids=mine, confirmed="3", stage="churned")
    post(visitor, bulk="stage", all="1", confirmed="3", stage="churned")
    assert rows_of(visitor.get("/accounts/?format=csv&cols=name")) == [["Name"]]
    assert not Account.objects.filter(stage=Stage.CHURNED).exists()


def test_a_member_without_the_right_is_refused(visitor, cast, owner):
    member = actions.add_member(actor=owner, at=_now(), email="m@mango.test", role=Role.MEMBER)
    visitor.force_login(member.person)
    assert visitor.get("/accounts/").status_code == 403
    assert visitor.get("/accounts/?format=csv").status_code == 403
    visitor.logout()
    assert visitor.get("/accounts/").status_code == 302


def test_filter_options_come_as_one_types(visitor, cast):
    found = visitor.get("/accounts/?options=parent&q=bo").json()
    assert [option["text"] for option in found] == ["Bolt"]
    assert visitor.get("/accounts/?options=nope").status_code == 404


def test_at_risk_accounts_are_found_by_flag(visitor, cast):
    bolt = Account.objects.get(name="Bolt")
    AtRiskFlag.objects.create(account=bolt, reasons=["usage"], set_at=_now())
    page = text(visitor.get("/accounts/?at_risk=yes"))
    assert "1 account" in page
    assert "Bolt" in page
    assert "2 accounts" in text(visitor.get("/accounts/?at_risk=no"))


def test_a_link_to_rows_checks_its_filters():
    url = AccountList.url("/accounts/", stage=["active", "renewal"], at_risk="yes", sort="-name")
    assert url == "/accounts/?stage=active&stage=renewal&at_risk=yes&sort=-name"
    with pytest.raises(TypeError, match="has no filter colour"):
        AccountList.url("/accounts/", colour="red")


def _now():
    return timezone.now()


def test_without_htmx_the_empty_fields_of_a_form_leave_the_address(visitor, cast):
    response = visitor.get("/accounts/?seats_min=10&seats_max=&q=&sort=-name")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/?seats_min=10&sort=-name"
