"""Views of a list: kept, shared, opened with; and the columns that a person chose."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from afterclose.businesses import saved_views
from afterclose.businesses.models import AuditEntry, ListChoice, SavedView
from afterclose.businesses.permissions import Right
from afterclose.ui.lists.saved_views import ViewProblem
from tests.factories import MORNING

PATH = "/accounts/"


@pytest.fixture
def manager(at_work, sign_in) -> Client:
    return sign_in(at_work.manager)


@pytest.fixture
def admin(at_work, sign_in) -> Client:
    return sign_in(at_work.admin)


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def tabs(client: Client, query: str = "?sort=name") -> list[str]:
    html = client.get(PATH + query).content.decode()
    nav = html[html.index('class="list-tabs"') :].split("</nav>")[0]
    return re.findall(r"<a[^>]*>\s*([^<]+?)\s*(?:<|$)", nav)


def save(client: Client, name: str, query: str = "", **more: str) -> SavedView:
    response = client.post(PATH, {"save_view": name, "query": query, **more})
    assert response.status_code == 302
    view = SavedView.objects.get(name=" ".join(name.split()))
    assert f"view={view.pk}" in response["Location"]
    return view


def test_a_saved_view_is_a_tab_and_its_address_reproduces_it(manager):
    view = save(manager, "  My  renewals ", "stage=renewal&sort=-name&after=x&cols=name,seats")
    assert view.name == "My renewals"
    assert view.query == "stage=renewal&sort=-name&cols=name,seats"
    assert "My renewals" in tabs(manager)
    page = manager.get(f"{PATH}?{view.query}&view={view.pk}").content.decode()
    assert re.search(r'aria-current="true">\s*My renewals', page)
    assert page.split('class="list-tabs"')[1].split("</nav>")[0].count("aria-current") == 1
    assert "Save changes to" not in page


def test_changed_filters_are_saved_into_the_view_that_is_open(manager):
    view = save(manager, "Mine", "stage=renewal")
    changed = manager.get(f"{PATH}?stage=churned&view={view.pk}").content.decode()
    assert "Save changes to “Mine”" in changed
    assert re.search(r'aria-current="true">\s*Mine', changed)
    manager.post(PATH, {"update_view": view.pk, "query": f"stage=churned&view={view.pk}"})
    view.refresh_from_db()
    assert view.query.startswith("stage=churned&cols=name,")


def test_views_that_others_share_displace_neither_own_ones_nor_the_one_it_opens_with(
    at_work, monkeypatch
):
    monkeypatch.setattr(saved_views, "MOST_OF_OTHERS", 3)

    def made(actor, name: str, *, shared: bool) -> SavedView:
        return saved_views.save_view(
            actor=actor, at=MORNING, list_name="accounts", name=name, query="", shared=shared
        )

    made(at_work.manager, "Zulu, mine", shared=False)
    theirs = [made(at_work.admin, f"{number} theirs", shared=True) for number in range(6)]
    saved_views.open_with(actor=at_work.manager, list_name="accounts", view_id=str(theirs[5].pk))
    shown = saved_views.shelf(at_work.manager, "accounts").views
    names = [each.name for each in shown]
    assert names == ["0 theirs", "1 theirs", "2 theirs", "5 theirs", "Zulu, mine"]
    assert [each.name for each in shown if each.default] == ["5 theirs"]


def test_a_private_view_is_its_owner_s_and_a_shared_one_everybody_s(manager, admin):
    view = save(manager, "Mine", "stage=renewal")
    assert "Mine" not in tabs(admin)
    assert (
        "view="
        not in admin.get(f"{PATH}?view={view.pk}&stage=active")
        .content.decode()
        .split('id="list-accounts-by-name"')[1]
        .split(">")[0]
    )
    manager.post(PATH, {"change_view": view.pk, "name": "Ours", "shared": "1"})
    assert "Ours" in tabs(admin)
    assert AuditEntry.objects.filter(verb="view.changed", subject_label="Ours").count() == 1


def test_a_list_opens_with_each_person_s_own_choice(manager, admin):
    view = save(manager, "Renewals", "stage=renewal", shared="1", default="1")
    opened = manager.get(PATH)
    assert opened["Location"] == f"{PATH}?stage=renewal&view={view.pk}"
    assert admin.get(PATH).status_code == 200
    assert "5 accounts" in text(manager.get(f"{PATH}?sort=name"))
    # Somebody else's shared view serves too; and one is enough.
    admin.post(PATH, {"change_view": view.pk, "name": "Renewals", "shared": "1", "default": "1"})
    assert admin.get(PATH).status_code == 302
    manager.post(PATH, {"change_view": view.pk, "name": "Renewals", "shared": "1"})
    assert manager.get(PATH).status_code == 200
    assert ListChoice.objects.count() == 2


def test_what_is_no_longer_shared_opens_nobody_else_s_list(manager, admin):
    view = save(manager, "Renewals", "stage=renewal", shared="1", default="1")
    admin.post(PATH, {"change_view": view.pk, "default": "1", "name": "Renewals", "shared": "1"})
    manager.post(PATH, {"change_view": view.pk, "name": "Renewals", "default": "1"})
    assert admin.get(PATH).status_code == 200
    assert manager.get(PATH).status_code == 302


def test_an_admin_stops_sharing_somebody_else_s_view_and_is_told_so(manager, admin):
    view = save(manager, "Renewals", "stage=renewal", shared="1")
    said = admin.post(PATH, {"change_view": view.pk, "name": "Renewals"}, follow=True)
    assert "View “Renewals” changed." in text(said)
    assert "not there any more" not in text(said)
    view.refresh_from_db()
    assert not view.is_shared


def test_what_is_refused_changes_nothing_of_a_view(manager):
    save(manager, "Taken")
    view = save(manager, "Renewals", "stage=renewal")
    wanted = {"change_view": view.pk, "name": "Taken", "default": "1"}
    assert "There is a view “Taken” already." in text(manager.post(PATH, wanted, follow=True))
    assert manager.get(PATH).status_code == 200


def test_a_deleted_view_opens_no_list_any_more(manager, admin):
    view = save(manager, "Renewals", "stage=renewal", shared="1", default="1")
    admin.post(PATH, {"change_view": view.pk, "name": "Renewals", "shared": "1", "default": "1"})
    manager.post(PATH, {"delete_view": view.pk})
    assert not SavedView.objects.exists()
    assert manager.get(PATH).status_code == admin.get(PATH).status_code == 200
    assert AuditEntry.objects.filter(verb="view.deleted").count() == 1


def test_a_shared_view_is_changed_by_its_owner_and_by_admins_alone(at_work):
    def change(actor):
        return saved_views.change_view(
            actor=actor, at=MORNING, list_name="accounts", view_id=str(view.pk), name="Other"
        )

    view = saved_views.save_view(
        actor=at_work.owner, at=MORNING, list_name="accounts", name="One", query="", shared=True
    )
    assert not at_work.manager.may(Right.SETTINGS_EDIT)
    with pytest.raises(PermissionDenied, match="belongs to"):
        change(at_work.manager)
    assert change(at_work.admin).name == "Other"


@pytest.mark.parametrize(
    ("name", "words"),
    [("   ", "Give the view a name."), ("Mine", "There is a view “Mine” already.")],
)
def test_a_name_is_needed_and_only_once(manager, name, words):
    save(manager, "Mine", "stage=renewal")
    response = manager.post(PATH, {"save_view": name, "query": "stage=churned"}, follow=True)
    assert words in text(response)
    assert SavedView.objects.get().query.startswith("stage=renewal")


def test_a_second_click_that_comes_as_fast_is_told_the_name_is_taken(manager, monkeypatch):
    """Both saw that the name was free; the database knows better."""
    monkeypatch.setattr(saved_views, "_free_name", lambda _others, name: name)
    save(manager, "Mine", "stage=renewal")
    again = manager.post(PATH, {"save_view": "Mine", "query": "stage=active"}, follow=True)
    assert "There is a view “Mine” already." in text(again)
    assert SavedView.objects.get(name="Mine").query.startswith("stage=renewal")


def test_whoever_opens_their_list_with_a_view_and_whoever_deletes_it_wait_for_each_other(at_work):
    view = saved_views.save_view(
        actor=at_work.admin, at=MORNING, list_name="accounts", name="Big", query="", shared=True
    )
    asked = {"list_name": "accounts", "view_id": str(view.pk)}
    with CaptureQueriesContext(connection) as opening:
        saved_views.open_with(actor=at_work.manager, **asked)
    with CaptureQueriesContext(connection) as deleting:
        saved_views.delete_view(actor=at_work.admin, at=MORNING, **asked)
    for found in (opening, deleting):
        first = next(each["sql"] for each in found if "businesses_savedview" in each["sql"])
        assert "FOR UPDATE" in first


def test_a_view_of_another_person_or_business_is_not_there(at_work, sign_in, manager):
    mine = save(manager, "Mine")
    for actor in (at_work.admin, at_work.stranger):
        other = sign_in(actor)
        for verb in ("change_view", "delete_view", "update_view"):
            other.post(PATH, {verb: mine.pk, "name": "Taken"})
        other.post(PATH, {"delete_view": "x"})
    mine.refresh_from_db()
    assert mine.name == "Mine"
    with pytest.raises(ViewProblem):
        saved_views.delete_view(
            actor=at_work.admin, at=MORNING, list_name="accounts", view_id=str(mine.pk)
        )


def test_chosen_columns_are_remembered_and_are_in_the_address(manager, admin):
    chosen = manager.post(PATH, {"choose_columns": "keep", "cols": ["seats", "name", "zzz"]})
    assert chosen["Location"] == f"{PATH}?cols=name,seats"
    again = manager.get(f"{PATH}?stage=active&tag=x")
    assert again["Location"] == f"{PATH}?stage=active&tag=x&cols=name,seats"
    assert admin.get(f"{PATH}?stage=active").status_code == 200
    # A link with columns of its own shows those.
    html = manager.get(f"{PATH}?cols=name,domain").content.decode()
    assert "list-accounts-by-domain" in html
    assert 'data-label="Seats"' not in html
    reset = manager.post(PATH, {"choose_columns": "reset", "query": "stage=active&cols=name,seats"})
    assert reset["Location"] == f"{PATH}?stage=active"
    assert manager.get(PATH).status_code == 200


def test_htmx_gets_the_region_with_the_chosen_columns(manager):
    response = manager.post(
        PATH,
        {"choose_columns": "keep", "cols": ["name", "seats"], "query": "stage=active"},
        headers={"HX-Request": "true", "HX-Target": "section#list-accounts"},
    )
    assert response["HX-Push-Url"] == f"{PATH}?stage=active&cols=name,seats"
    assert 'data-label="Seats"' in response.content.decode()
    assert "<!doctype" not in response.content.decode()


def test_a_view_shows_its_own_columns_also_to_who_chose_others(manager, admin):
    view = save(manager, "Wide", "stage=active", shared="1")
    admin.post(PATH, {"choose_columns": "keep", "cols": ["name", "seats"]})
    html = admin.get(f"{PATH}?sort=name&cols=name,seats").content.decode()
    href = re.search(rf'href="([^"]*view={view.pk})"', html)[1].replace("&amp;", "&")
    assert "cols=name,stage," in href
    assert admin.get(href).status_code == 200
