"""What segments ask for is not deleted quietly; tags that merge take their segments along."""

from __future__ import annotations

from typing import Any

import pytest

from afterclose.accounts import uses
from afterclose.accounts.custom_fields import actions as fields
from afterclose.accounts.custom_fields.models import CustomChoice, CustomField, Subject
from afterclose.accounts.models import Contact, Tag, TagRemoval
from afterclose.accounts.tags import actions as tags, removals
from afterclose.businesses.models import AuditEntry
from afterclose.segments import actions
from afterclose.segments.models import AccountMembership, Segment
from afterclose.segments.refreshing import refresh
from tests.factories import MORNING


def saved(cast: Any, name: str, condition: dict[str, Any], **more: Any) -> Segment:
    return actions.create_segment(
        **{"actor": cast.manager, "at": MORNING, "name": name, "condition": condition, **more}
    )


def tag(cast: Any, name: str, *accounts: Any) -> Tag:
    made = tags.create_tag(actor=cast.manager, at=MORNING, name=name)
    tags.tag_accounts(
        actor=cast.manager,
        at=MORNING,
        account_ids=[each.id for each in accounts],
        tag_ids=[made.id],
    )
    return made


def tier(cast: Any) -> CustomField:
    return fields.define_field(
        actor=cast.admin, at=MORNING, subject=Subject.ACCOUNT, label="Tier", kind="choice",
        choices=["One", "Two"],
    )  # fmt: skip


def asking(what: Tag, op: str = "any") -> dict[str, Any]:
    return {"field": "tag", "op": op, "value": [what.id]}


def test_a_tag_that_a_segment_names_is_not_deleted_and_says_which(at_work, sign_in):
    vip, free = tag(at_work, "VIP", at_work.acme), tag(at_work, "Free")
    deep = {
        "all": [
            {"field": "seats", "op": "known"},
            {"not": {"any": [asking(vip), asking(vip, "none")]}},
        ]
    }
    saved(at_work, "Not very important", deep)
    saved(
        at_work, "Of important accounts",
        {"field": "account.tag", "op": "all", "value": [vip.id]}, subject="contact",
    )  # fmt: skip
    with pytest.raises(uses.InUse, match="“Not very important”, the segment “Of important"):
        tags.delete_tags(actor=at_work.admin, at=MORNING, tag_ids=[free.id, vip.id])
    assert Tag.objects.count() == 2
    client = sign_in(at_work.admin)
    page = client.get(f"/accounts/tags/{vip.id}/").content.decode()
    assert "cannot be deleted while it is used by" in page
    assert "Delete tag" not in page
    assert "Delete tag" in client.get(f"/accounts/tags/{free.id}/").content.decode()
    answer = client.post(f"/accounts/tags/{vip.id}/delete/", follow=True).content.decode()
    assert "because it is used by the segment “Not very important”" in answer
    both = {"bulk": "delete", "ids": [vip.id, free.id], "confirmed": 2}
    answer = client.post("/accounts/tags/", both, follow=True).content.decode()
    assert "1 tag deleted. Segments use “VIP”, so it stays." in answer
    assert list(Tag.objects.values_list("name", flat=True)) == ["VIP"]


def test_the_private_segment_of_somebody_else_is_not_named(at_work):
    vip = tag(at_work, "VIP")
    saved(at_work, "Secret plan", asking(vip), is_shared=False)
    assert uses.of(at_work.manager, vip)[0].label == "the segment “Secret plan”"
    assert uses.of(at_work.admin, vip) == [uses.UsedBy("a private segment of Marek Novak")]


def test_merged_tags_take_their_segments_along(at_work):
    vip, key = tag(at_work, "VIP", at_work.acme), tag(at_work, "Key", at_work.birch)
    other = tag(at_work, "Other")
    mine = saved(at_work, "VIPs", asking(vip), is_shared=False)
    both = saved(at_work, "Both", {"field": "tag", "op": "all", "value": [vip.id, key.id]})
    above = saved(at_work, "Above", {"not": {"field": "segment", "op": "any", "value": [mine.id]}},
                  is_shared=False)  # fmt: skip
    rest = saved(at_work, "Rest", asking(other))
    revision = rest.revision
    tags.merge_tags(actor=at_work.admin, at=MORNING, tag_ids=[vip.id], into_id=key.id)
    for segment in (mine, both, above, rest):
        segment.refresh_from_db()
    assert mine.condition["value"] == both.condition["value"] == [key.id]
    assert mine.text == "tag any Key"
    assert (mine.members, both.members, rest.members) == (2, 2, 0)
    assert above.members == 3
    assert rest.revision == revision
    causes = AccountMembership.objects.filter(segment=mine).values_list("cause", flat=True)
    assert set(causes) == {"definition"}
    entry = AuditEntry.objects.get(verb="segment.changed", subject_id=mine.id)
    assert entry.changes == {"text": ["tag any VIP", "tag any Key"]}
    with pytest.raises(uses.InUse):
        tags.delete_tags(actor=at_work.admin, at=MORNING, tag_ids=[key.id])


def test_undoing_a_merge_of_tags_takes_segments_back_that_nobody_changed_since(at_work):
    vip, key = tag(at_work, "VIP", at_work.acme), tag(at_work, "Key", at_work.birch)
    mine, changed = (saved(at_work, name, asking(vip)) for name in ("VIPs", "Others"))
    tags.merge_tags(actor=at_work.admin, at=MORNING, tag_ids=[vip.id], into_id=key.id)
    actions.change_segment(
        actor=at_work.manager, at=MORNING, segment_id=changed.id,
        condition={"field": "tag", "op": "none", "value": [key.id]},
    )  # fmt: skip
    removals.undo(actor=at_work.admin, at=MORNING, removal_id=TagRemoval.objects.get().id)
    mine.refresh_from_db()
    changed.refresh_from_db()
    assert (mine.condition, mine.text, mine.members) == (asking(vip), "tag any VIP", 1)
    assert changed.text == "tag none Key"
    entry = AuditEntry.objects.filter(verb="segment.changed", subject_id=mine.id).latest("id")
    assert entry.changes == {"text": ["tag any Key", "tag any VIP"]}


def test_a_choice_that_a_segment_names_stays_and_another_may_go(at_work, sign_in):
    field = tier(at_work)
    one, two = CustomChoice.objects.filter(field=field).order_by("order")
    saved(at_work, "First class", {"field": f"cf_{field.key}", "op": "is", "value": one.id})
    with pytest.raises(uses.InUse, match=r"“One” cannot be deleted.*“First class”"):
        fields.delete_choice(actor=at_work.admin, at=MORNING, choice_id=one.id)
    client = sign_in(at_work.admin)
    page = client.get(f"/settings/custom-fields/choices/{one.id}/delete/").content.decode()
    assert "It cannot be deleted, because it is used by" in page
    assert "Delete choice" not in page
    answer = client.post(f"/settings/custom-fields/choices/{one.id}/delete/", follow=True)
    assert "the segment “First class”" in answer.content.decode()
    fields.delete_choice(actor=at_work.admin, at=MORNING, choice_id=two.id)


def test_deleting_a_field_names_its_segments_and_their_problem_says_what_to_do(at_work, sign_in):
    field = tier(at_work)
    segment = saved(at_work, "Graded", {"field": f"cf_{field.key}", "op": "known"})
    saved(
        at_work,
        "People of graded",
        {"field": f"account.cf_{field.key}", "op": "known"},
        subject="contact",
    )
    page = (
        sign_in(at_work.admin).get(f"/settings/custom-fields/{field.id}/delete/").content.decode()
    )
    assert "the segment “Graded”" in page
    assert "the segment “People of graded”" in page
    assert "Delete field" in page
    fields.delete_field(actor=at_work.admin, at=MORNING, field_id=field.id)
    refresh(actor=at_work.admin, at=MORNING, segment_id=segment.id)
    segment.refresh_from_db()
    assert segment.problem.startswith("The custom field “Tier” that it asks for was deleted.")
    fields.restore_field(actor=at_work.admin, at=MORNING, field_id=field.id)
    refresh(actor=at_work.admin, at=MORNING, segment_id=segment.id)
    segment.refresh_from_db()
    assert segment.problem == ""


def test_a_field_of_contacts_with_the_same_key_is_another_one(at_work):
    of_accounts = tier(at_work)
    of_contacts = fields.define_field(
        actor=at_work.admin, at=MORNING, subject=Subject.CONTACT, label="Tier", kind="text"
    )
    assert of_accounts.key == of_contacts.key
    saved(
        at_work,
        "Graded people",
        {"field": f"cf_{of_contacts.key}", "op": "known"},
        subject="contact",
    )
    assert uses.of(at_work.admin, of_accounts) == []
    assert [each.label for each in uses.of(at_work.admin, of_contacts)] == [
        "the segment “Graded people”"
    ]
    assert Contact.objects.exists()
