from datetime import timedelta

import pytest
from django.http import Http404

from afterclose.accounts import actions, queries
from tests.factories import MORNING, AccountFactory


def test_an_account_of_another_business_does_not_exist(at_work):
    with pytest.raises(Http404):
        queries.account(at_work.owner, at_work.foreign.id)


def test_the_timeline_is_paged_newest_first_without_gap_or_repeat(at_work):
    for minute in range(queries.TIMELINE_PAGE + 5):
        actions.log_activity(
            actor=at_work.manager,
            at=MORNING + timedelta(minutes=minute // 2),
            account_id=at_work.elm.id,
            kind="activity.note" if minute % 3 else "activity.call",
            title=f"Entry {minute}",
        )
    first, more = queries.timeline(at_work.manager, at_work.elm.id)
    assert more
    last = first[-1]
    rest, more = queries.timeline(
        at_work.manager, at_work.elm.id, before=(last.occurred_at, last.id)
    )
    assert not more
    titles = [event.title for event in first + rest]
    assert titles == [f"Entry {n}" for n in reversed(range(queries.TIMELINE_PAGE + 5))]


def test_the_timeline_can_be_narrowed_to_a_kind(at_work):
    for kind in ("activity.note", "activity.call"):
        actions.log_activity(
            actor=at_work.manager, at=MORNING, account_id=at_work.elm.id, kind=kind, title=kind
        )
    actions.flag_at_risk(
        actor=at_work.manager, at=MORNING, account_id=at_work.elm.id, reasons=["price"]
    )
    calls, _ = queries.timeline(at_work.manager, at_work.elm.id, kind="call")
    system, _ = queries.timeline(at_work.manager, at_work.elm.id, kind="system")
    assert [event.kind for event in calls] == ["activity.call"]
    assert [event.kind for event in system] == ["at_risk.flagged"]


def test_search_finds_by_start_before_middle(at_work):
    AccountFactory.create(name="Lumen Acme Partners")
    assert [hit.label for hit in queries.find_accounts(at_work.manager, "ACME", 6)] == [
        "Acme",
        "Lumen Acme Partners",
    ]


def test_search_finds_contacts_by_address(at_work):
    contact = at_work.acme.contacts.get()
    actions.change_contact(
        actor=at_work.manager, at=MORNING, contact_id=contact.id, email="ada@acme.example"
    )
    [hit] = queries.find_contacts(at_work.manager, "ada@", 6)
    assert hit.label == "Ada Lind"


def test_search_finds_nothing_of_another_business_and_nothing_without_the_right(at_work):
    assert queries.find_accounts(at_work.manager, "fir", 6) == []
    assert queries.find_accounts(at_work.member, "acme", 6) == []
