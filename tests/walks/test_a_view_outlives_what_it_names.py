"""A saved view names a field, a choice, tags and a segment, and they are deleted under it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from afterclose.accounts.custom_fields import actions as fields
from afterclose.accounts.custom_fields.models import Kind, Subject
from afterclose.accounts.exports import actions as exports
from afterclose.accounts.lists import AccountList
from afterclose.accounts.tags import actions as tags
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import SavedView
from afterclose.segments import actions as segments
from afterclose.ui.lists import background
from tests.cast import Cast
from tests.factories import MONDAY
from tests.programs import Program

PATH = "/accounts/"


@pytest.fixture
def marek(cast: Cast, sign_in: Callable[[Actor | None], Client]) -> Client:
    return sign_in(cast.manager)


def keep(client: Client, cast: Cast, query: str, **more: str) -> SavedView:
    client.post(PATH, {"save_view": "Mine", "query": query, **more})
    with cast.at_work():
        return SavedView.objects.get(name="Mine")


def said(answer: HttpResponse) -> str:
    """The words of the warning above a list."""
    html = answer.text
    if "list-problems" not in html:
        return ""
    inside = html.split("list-problems", 1)[1].partition(">")[2].split("Show the list", 1)[0]
    return " ".join(unescape(re.sub("<[^>]*>", " ", inside)).split())


def href(client: Client) -> str:
    """Where the tab of the view leads."""
    html = client.get(f"{PATH}?sort=name").content.decode()
    found = re.search(r'<a[^>]*href="([^"]+)"[^>]*>\s*Mine', html)
    assert found
    return unescape(found[1])


def test_a_deleted_field_is_told_and_the_view_is_saved_without_it(
    cast: Cast, marek: Client, program: Callable[..., Program]
) -> None:
    now = timezone.now()
    with cast.at_work():
        field = fields.define_field(
            actor=cast.admin, at=now, subject=Subject.ACCOUNT, label="Region", kind=Kind.NUMBER
        )
    query = "stage=active&cf_region_min=3&sort=-cf_region&cols=name,cf_region"
    view = keep(marek, cast, query, default="1")
    assert said(marek.get(PATH, follow=True)) == ""
    with cast.at_work():
        fields.delete_field(actor=cast.admin, at=now, field_id=field.id)

    opened = marek.get(PATH, follow=True)
    told = "Region: The field was deleted. An admin can restore deleted fields for 30 days."
    assert said(opened) == f"{told} It is not applied. Save “Mine” without it"
    assert "cf_region_min=3" in href(marek)
    assert said(marek.get(href(marek))) == said(opened)

    for data in ({"bulk": "tag"}, {"export": "csv"}):
        refused = marek.post(PATH, {"query": view.query, **data})
        assert refused.status_code == 400
        assert told in said(refused)
    assert marek.get(f"{PATH}?{view.query}&format=csv").status_code == 400
    answer = program()("GET", "/accounts?stage=active&cf_region_min=3")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cf_region_min")

    hidden = re.search(r'name="query" value="([^"]*)"', opened.content.decode())
    assert hidden
    marek.post(PATH, {"update_view": view.pk, "query": unescape(hidden[1])})
    with cast.at_work():
        view.refresh_from_db()
    assert view.query == "stage=active&cols=name"
    assert said(marek.get(PATH, follow=True)) == ""


def test_what_is_kept_is_found_again_when_the_field_is_restored(cast: Cast, marek: Client) -> None:
    now = timezone.now()
    with cast.at_work():
        field = fields.define_field(
            actor=cast.admin, at=now, subject=Subject.ACCOUNT, label="Region", kind=Kind.TEXT
        )
    view = keep(marek, cast, "cf_region=emea&cols=name,cf_region")
    with cast.at_work():
        fields.delete_field(actor=cast.admin, at=now, field_id=field.id)
    assert "Region" in said(marek.get(href(marek)))
    with cast.at_work():
        fields.restore_field(actor=cast.admin, at=now, field_id=field.id)
    page = marek.get(href(marek))
    assert said(page) == ""
    assert "No accounts match" in page.content.decode()
    assert view.query == "cf_region=emea&cols=name,cf_region"


def test_a_deleted_tag_choice_and_segment_are_told(
    cast: Cast, marek: Client, program: Callable[..., Program]
) -> None:
    now = timezone.now()
    with cast.at_work():
        field = fields.define_field(
            actor=cast.admin, at=now, subject=Subject.ACCOUNT, label="Tier", kind=Kind.CHOICE,
            choices=["Gold", "Silver"],
        )  # fmt: skip
        gold = field.choices.get(key="gold")
        vip, beta = (tags.create_tag(actor=cast.manager, at=now, name=n) for n in ("VIP", "Beta"))
        segment = segments.create_segment(
            actor=cast.manager, at=now, name="Big",
            condition={"field": "seats", "op": ">", "value": 5},
        )  # fmt: skip
    query = f"tag={vip.id}&tag={beta.id}&tag_match=all&cf_tier=gold&segment={segment.id}"
    keep(marek, cast, query)
    assert said(marek.get(href(marek))) == ""
    with cast.at_work():
        tags.delete_tags(actor=cast.admin, at=now, tag_ids=[vip.id])
        fields.delete_choice(actor=cast.admin, at=now, choice_id=gold.id)
        segments.delete_segment(actor=cast.manager, at=now, segment_id=segment.id)
    page = said(marek.get(href(marek)))
    assert "Tags: The tag that it names is not there any more. The rest of the filter is" in page
    assert "Tier: “gold” is not one of its values." in page
    assert "Segment: The segment that it names is not there any more. It is not applied." in page
    assert "Save “Mine” without it" in page
    for wanted in (f"tag={vip.id}&tag_match=not", "cf_tier=gold", f"segment={segment.id}"):
        answer = program()("GET", f"/accounts?{wanted}")
        assert answer.status_code == 422, answer.json()
        assert answer.json()["errors"][0]["field"] == wanted.partition("=")[0]


def test_a_file_that_is_written_later_says_what_is_gone(cast: Cast) -> None:
    now = timezone.now()
    with cast.at_work():
        tag = tags.create_tag(actor=cast.manager, at=now, name="VIP")
        wish = background.Wish(
            list_path=background.path_of(AccountList), address=PATH, query=f"tag={tag.id}",
            kind="csv", today=MONDAY, scope={}, title="Accounts", rows=1,
        )  # fmt: skip
        export = exports.ask(actor=cast.manager, at=now, wish=wish)
        tags.delete_tags(actor=cast.admin, at=now, tag_ids=[tag.id])
    with cast.at_work():
        exports.write_file(export.id)
        export.refresh_from_db()
        assert export.state == "failed"
        assert export.message == "The tag that it names is not there any more."


def test_somebody_else_s_view_is_mended_by_its_owner(
    cast: Cast, marek: Client, sign_in: Callable[[Actor | None], Client]
) -> None:
    now = timezone.now()
    with cast.at_work():
        tag = tags.create_tag(actor=cast.manager, at=now, name="VIP")
    dana = sign_in(cast.owner)
    keep(dana, cast, f"tag={tag.id}&tag_match=not", shared="1")
    with cast.at_work():
        tags.delete_tags(actor=cast.admin, at=now, tag_ids=[tag.id])
    page = said(marek.get(href(marek)))
    assert "Dana Reyes or an admin can save it without; you can save a view of your own." in page
    assert "Save “Mine” without it" not in page
