"""Lives of segments told by date: who comes and goes, why, and what is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404

from afterclose.accounts.custom_fields.actions import define_field, delete_choice
from afterclose.accounts.custom_fields.writing import set_values
from afterclose.accounts.models import Account, Contact, Event
from afterclose.accounts.tags.models import Tag
from afterclose.businesses import actors
from afterclose.segments import actions, queries, text, touched
from afterclose.segments.actions import SegmentInUse
from afterclose.segments.conditions import ConditionError
from afterclose.segments.lists import members_list
from afterclose.segments.models import AccountMembership, Segment, Subject
from afterclose.segments.refreshing import refresh
from afterclose.ui.lists.background import list_of, path_of
from tests.cast import Cast
from tests.factories import MONDAY, MORNING, TicketFactory

pytestmark = pytest.mark.django_db
ACTIVE = {"field": "stage", "op": "is", "value": "active"}


def make(cast: Cast, condition: Any = ACTIVE, name: str = "Active", **values: Any) -> Segment:
    return actions.create_segment(
        actor=cast.manager, at=MORNING, name=name, condition=condition, **values
    )


def names(segment: Segment) -> list[str]:
    rows = segment.memberships.filter(left_at=None).select_related("account")
    return sorted(row.account.name for row in rows)


def change(account: Account, **values: Any) -> None:
    Account.objects.filter(pk=account.pk).update(**values, updated_at=MORNING)


def test_a_new_segment_finds_its_members_and_tells_nobody(at_work: Cast) -> None:
    segment = make(at_work)
    assert names(segment) == ["Acme", "Birch"]
    assert segment.members == 2
    assert segment.text == "stage is active"
    assert set(segment.memberships.values_list("cause", flat=True)) == {"definition"}
    assert not Event.objects.filter(kind__startswith="segment.").exists()
    assert queries.history(segment, MONDAY) == [(MONDAY, 2)]


def test_who_enters_and_leaves_by_data_is_told_and_kept(at_work: Cast) -> None:
    segment = make(at_work)
    system = actors.system(at_work.business.id)
    change(at_work.acme, stage="renewal")
    change(at_work.elm, stage="active")
    tuesday = MORNING + timedelta(days=1)
    assert refresh(actor=system, at=tuesday, segment_id=segment.id) == (1, 1)
    assert refresh(actor=system, at=tuesday, segment_id=segment.id) == (0, 0)
    assert names(segment) == ["Birch", "Elm"]
    told = Event.objects.filter(kind__startswith="segment.").values_list("kind", "account_id")
    assert set(told) == {
        ("segment.entered", at_work.elm.id),
        ("segment.left", at_work.acme.id),
    }
    left = AccountMembership.objects.get(segment=segment, account=at_work.acme)
    assert (left.left_at, left.left_cause) == (tuesday, "data")
    change(at_work.acme, stage="active")
    refresh(actor=system, at=tuesday + timedelta(days=1), segment_id=segment.id)
    assert AccountMembership.objects.filter(segment=segment, account=at_work.acme).count() == 2
    moved = queries.movement(segment, MORNING + timedelta(hours=1))
    assert (moved.entered, moved.left, moved.entered_by_definition) == (2, 1, 0)
    assert [count for _, count in queries.history(segment, MONDAY)] == [2, 2, 3]


def test_who_moves_because_the_condition_was_edited_is_not_told(at_work: Cast) -> None:
    segment = make(at_work)
    above = make(at_work, {"field": "segment", "op": "any", "value": [segment.id]}, "Above")
    wanted = {"field": "stage", "op": "is", "value": "renewal"}
    actions.change_segment(
        actor=at_work.manager, at=MORNING, segment_id=segment.id, condition=wanted
    )
    for each in (segment, above):
        assert names(each) == ["Cedar"]
        assert set(each.memberships.values_list("cause", "left_cause")) == {
            ("definition", "definition"),
            ("definition", ""),
        }
    assert not Event.objects.filter(kind__startswith="segment.").exists()
    segment.refresh_from_db()
    assert segment.revision == 2


def test_an_edit_of_what_has_changed_since_is_refused(at_work: Cast) -> None:
    segment = make(at_work)
    for revision, value in ((1, "renewal"), (1, "churned")):
        values = {"condition": {**ACTIVE, "value": value}, "revision": revision}
        try:
            actions.change_segment(
                actor=at_work.manager, at=MORNING, segment_id=segment.id, **values
            )
        except ValidationError as error:
            assert "Somebody else" in str(error)
    segment.refresh_from_db()
    assert segment.condition["value"] == "renewal"


def test_contacts_have_the_fields_of_their_account(at_work: Cast) -> None:
    segment = make(
        at_work,
        {
            "all": [
                {"field": "champion", "op": "is", "value": True},
                {"field": "account.stage", "op": "is", "value": "active"},
            ]
        },
        subject="contact",
    )
    assert [row.contact.name for row in segment.memberships.all()] == ["Ada Lind"]
    Contact.objects.filter(name="Bo Hart").update(is_champion=True)
    refresh(
        actor=actors.system(at_work.business.id),
        at=MORNING + timedelta(days=1),
        segment_id=segment.id,
    )
    fact = Event.objects.get(kind="segment.entered")
    assert fact.account_id == at_work.birch.id
    assert fact.payload["contact"] == Contact.objects.get(name="Bo Hart").id


def test_a_private_segment_leaves_no_trace_and_is_nobody_elses(at_work: Cast) -> None:
    segment = make(at_work, is_shared=False)
    change(at_work.elm, stage="active")
    system = actors.system(at_work.business.id)
    refresh(actor=system, at=MORNING + timedelta(days=1), segment_id=segment.id)
    assert len(names(segment)) == 3
    assert not Event.objects.filter(kind__startswith="segment.").exists()
    with pytest.raises(Http404):
        queries.segment(at_work.admin, segment.id)
    with pytest.raises(ConditionError, match="is private"):
        make(at_work, {"field": "segment", "op": "any", "value": [segment.id]}, "Shared")
    with pytest.raises(ConditionError, match="not one of its values"):
        actions.create_segment(
            actor=at_work.admin,
            at=MORNING,
            name="Peek",
            condition={"field": "segment", "op": "any", "value": [segment.id]},
        )


def test_what_is_in_use_is_not_deleted_and_says_by_what(at_work: Cast) -> None:
    segment = make(at_work)
    above = make(at_work, {"not": {"field": "segment", "op": "any", "value": [segment.id]}}, "Rest")
    assert names(above) == ["Cedar", "Dune", "Elm"]
    with pytest.raises(SegmentInUse, match="the segment “Rest”"):
        actions.delete_segment(actor=at_work.manager, at=MORNING, segment_id=segment.id)
    with pytest.raises(SegmentInUse, match="private"):
        actions.change_segment(
            actor=at_work.manager, at=MORNING, segment_id=segment.id, is_shared=False
        )
    actions.delete_segment(actor=at_work.manager, at=MORNING, segment_id=above.id)
    actions.delete_segment(actor=at_work.manager, at=MORNING, segment_id=segment.id)
    assert not Segment.objects.exists()


def test_circles_and_a_fourth_level_are_refused(at_work: Cast) -> None:
    def of(segment: Segment) -> dict[str, Any]:
        return {"field": "segment", "op": "any", "value": [segment.id]}

    levels = [make(at_work, name="0")]
    for number in (1, 2, 3):
        levels.append(make(at_work, of(levels[-1]), str(number)))
    assert names(levels[3]) == ["Acme", "Birch"]
    with pytest.raises(ConditionError, match="3 deep"):
        make(at_work, of(levels[3]), "4")
    with pytest.raises(ConditionError, match="cannot name itself"):
        actions.change_segment(
            actor=at_work.manager, at=MORNING, segment_id=levels[0].id, condition=of(levels[2])
        )
    fresh = make(at_work, name="fresh")
    with pytest.raises(ConditionError, match="3 deep"):
        actions.change_segment(
            actor=at_work.manager, at=MORNING, segment_id=levels[0].id, condition=of(fresh)
        )


def test_only_its_owner_and_admins_change_a_segment(at_work: Cast) -> None:
    segment = actions.create_segment(
        actor=at_work.admin, at=MORNING, name="Admin's", condition=ACTIVE
    )
    with pytest.raises(PermissionDenied, match="Only the owner"):
        actions.change_segment(
            actor=at_work.manager, at=MORNING, segment_id=segment.id, name="Mine"
        )
    actions.change_segment(actor=at_work.owner, at=MORNING, segment_id=segment.id, name="Ours")
    with pytest.raises(PermissionDenied):
        actions.create_segment(actor=at_work.member, at=MORNING, name="x", condition=ACTIVE)


def test_a_segment_is_one_open_membership_per_account(at_work: Cast) -> None:
    segment = make(at_work)
    with pytest.raises(IntegrityError), transaction.atomic():
        AccountMembership.objects.create(
            segment=segment, account=at_work.acme, entered_at=MORNING, cause="data"
        )


def test_a_field_that_is_gone_keeps_the_members_and_says_so(at_work: Cast) -> None:
    segment = make(at_work)
    Segment.objects.update(condition={"field": "custom.gone", "op": "known"})
    actions.refresh_segment(actor=at_work.manager, at=MORNING, segment_id=segment.id)
    segment.refresh_from_db()
    assert "custom.gone" in segment.problem
    assert names(segment) == ["Acme", "Birch"]


def test_members_can_be_asked_for_without_a_refresh(at_work: Cast) -> None:
    segment = make(at_work)
    change(at_work.elm, stage="active")
    found = Account.objects.filter(id__in=queries.members_q(segment, MONDAY))
    assert sorted(each.name for each in found) == ["Acme", "Birch", "Elm"]
    assert queries.contains(segment, at_work.elm.id, MONDAY)
    assert not queries.contains(segment, at_work.dune.id, MONDAY)
    assert not queries.contains(segment, at_work.foreign.id, MONDAY)


def test_touched_accounts_are_asked_again_within_the_quarter_hour(at_work: Cast) -> None:
    segment = make(at_work, {"field": "open_tickets", "op": ">", "value": 0}, "Waiting")
    assert names(segment) == ["Birch"]
    system = actors.system(at_work.business.id)
    assert touched.refresh_touched(actor=system, at=MORNING) == 0
    TicketFactory.create(account=at_work.cedar)
    later = MORNING + timedelta(minutes=15)
    assert touched.refresh_touched(actor=system, at=later) > 0
    assert names(segment) == ["Birch", "Cedar"]
    assert Event.objects.get(kind="segment.entered").account_id == at_work.cedar.id


def test_a_quiet_quarter_of_an_hour_asks_about_nobody(at_work: Cast) -> None:
    make(at_work, {"field": "open_tickets", "op": ">", "value": 0}, "Waiting")
    Account.objects.update(updated_at=MORNING - timedelta(days=1))
    system = actors.system(at_work.business.id)
    sweeps = [MORNING + timedelta(minutes=15 * number) for number in range(4)]
    assert touched.refresh_touched(actor=system, at=sweeps[0]) == 0
    TicketFactory.create(account=at_work.acme)
    # Twice, for a transaction that was open during the first; what it told is new as well.
    found = [touched.refresh_touched(actor=system, at=at) for at in sweeps[1:]]
    assert found[:2] == [1, 1]
    assert touched.refresh_touched(actor=system, at=sweeps[3] + timedelta(minutes=15)) == 0


def test_members_can_be_written_to_a_file_in_the_background() -> None:
    for subject in Subject.values:
        made = members_list(subject)
        assert list_of(path_of(made)) is made


def test_a_choice_that_is_gone_does_not_keep_from_renaming(at_work: Cast) -> None:
    tag = Tag.objects.create(name="VIP", key="vip", created_at=MORNING)
    asked = {"field": "tag", "op": "any", "value": [tag.id]}
    segment = make(at_work, asked)
    tag.delete()
    actions.change_segment(actor=at_work.manager, at=MORNING, segment_id=segment.id, name="Old")
    with pytest.raises(ConditionError, match="not one of its values"):
        actions.change_segment(
            actor=at_work.manager, at=MORNING, segment_id=segment.id, condition=asked
        )


@pytest.mark.parametrize(("kind", "value"), [("choice", "gold"), ("choices", ("gold",))])
def test_what_only_a_deleted_choice_said_is_empty(at_work: Cast, kind: str, value: Any) -> None:
    tier = define_field(
        actor=at_work.admin, at=MORNING, subject="account", label="Tier", kind=kind,
        choices=["Gold", "Silver"],
    )  # fmt: skip
    set_values(
        actor=at_work.admin, at=MORNING, subject="account",
        values={at_work.acme.id: {tier.key: value}},
    )  # fmt: skip
    assert names(make(at_work, {"field": "cf_tier", "op": "known"}, "Before")) == ["Acme"]
    gold = tier.choices.get(key="gold")
    delete_choice(actor=at_work.admin, at=MORNING, choice_id=gold.id)
    assert names(make(at_work, {"field": "cf_tier", "op": "known"}, "After")) == []
    assert "Acme" in names(make(at_work, {"field": "cf_tier", "op": "empty"}, "Without"))


def test_the_last_days_are_those_of_lists_and_end_with_today(at_work: Cast) -> None:
    for account, days in ((at_work.acme, 6), (at_work.elm, 7)):
        change(account, customer_since=MONDAY - timedelta(days=days))
        TicketFactory.create(account=account, opened_at=MORNING - timedelta(days=days))
    Account.objects.exclude(id__in=[at_work.acme.id, at_work.elm.id]).delete()
    assert names(make(at_work, {"field": "customer_since", "op": "last", "value": 7})) == ["Acme"]
    recent = {"related": "tickets", "op": "some", "days": 7}
    assert names(make(at_work, recent, "By their tickets")) == ["Acme"]


def test_choices_are_read_once_however_many_are_named(
    at_work: Cast, django_assert_num_queries: Any
) -> None:
    names = [f"T{number}" for number in range(9)]
    for name in names:
        Tag.objects.create(name=name, key=name.lower(), created_at=MORNING)
    known = queries.catalog_for(at_work.manager, "account")
    with django_assert_num_queries(1):
        node = text.parse(f"tag any ({', '.join(names)})", known)
        assert text.print_text(node, known) == f"tag any ({', '.join(names)})"


def test_a_refresh_of_some_leaves_the_others_alone(at_work: Cast) -> None:
    segment = make(at_work)
    change(at_work.acme, stage="churned")
    change(at_work.elm, stage="active")
    system = actors.system(at_work.business.id)
    only = [at_work.elm.id]
    refresh(actor=system, at=MORNING, segment_id=segment.id, only=only)
    assert names(segment) == ["Acme", "Birch", "Elm"]
