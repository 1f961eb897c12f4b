"""Deleting and merging tags is undone for 30 days, down to who put them and when (CS-11)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from hypothesis import given, settings, strategies as st

from afterclose.accounts.merging.actions import merge_accounts
from afterclose.accounts.tags import actions, removals
from afterclose.accounts.tags.models import AccountTag, ContactTag, RemovedLink, Tag, TagRemoval
from afterclose.businesses.models import AuditEntry
from tests.factories import MORNING, ContactFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def make(cast, name):
    return actions.create_tag(actor=cast.manager, at=MORNING, name=name, tone="good")


def put(cast, tag, *accounts, at=MORNING, actor=None):
    actions.tag_accounts(
        actor=actor or cast.manager,
        at=at,
        account_ids=[each.id for each in accounts],
        tag_ids=[tag.id],
    )


def links():
    """Every link as people see it."""
    shown = ("tag__name", "tag_id", "at", "by_id")
    return (
        sorted(AccountTag.objects.values_list("account__name", *shown)),
        sorted(ContactTag.objects.values_list("contact__name", *shown)),
    )


def undo(cast, *, at=MORNING, actor=None):
    removal = TagRemoval.objects.latest("id")
    return removals.undo(actor=actor or cast.admin, at=at, removal_id=removal.id)


def verbs():
    return list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))


def test_a_deleted_tag_comes_back_with_everything_that_had_it(at_work):
    vip = make(at_work, "VIP")
    put(at_work, vip, at_work.acme, at=MORNING - DAY)
    put(at_work, vip, at_work.birch, actor=at_work.admin)
    contact = ContactFactory.create(account=at_work.acme)
    actions.tag_contacts(
        actor=at_work.manager, at=MORNING, contact_ids=[contact.id], tag_ids=[vip.id]
    )
    before = links()
    actions.delete_tags(actor=at_work.admin, at=MORNING, tag_ids=[vip.id])
    assert links() == ([], [])
    undo(at_work, at=MORNING + 29 * DAY)
    assert links() == before
    back = Tag.objects.get(id=vip.id)
    assert (back.name, back.tone, back.created_at) == ("VIP", "good", MORNING)
    assert not RemovedLink.objects.exists()
    assert verbs()[-2:] == ["tag.deleted", "tag.restored"]


def test_an_undone_merge_leaves_each_tag_what_it_had(at_work):
    vip, beta, gold = (make(at_work, name) for name in ("VIP", "Beta", "Gold"))
    put(at_work, vip, at_work.acme, at_work.birch, at=MORNING - DAY)
    put(at_work, beta, at_work.birch, at_work.cedar, at=MORNING - 2 * DAY)
    put(at_work, gold, at_work.acme, actor=at_work.admin)
    before = links()
    merge = {"tag_ids": [vip.id, beta.id], "into_id": gold.id}
    actions.merge_tags(actor=at_work.admin, at=MORNING, **merge)
    assert {name for name, *_ in links()[0]} == {"Acme", "Birch", "Cedar"}
    # What people do meanwhile is theirs.
    put(at_work, gold, at_work.elm, at=MORNING + DAY)
    undo(at_work, at=MORNING + 2 * DAY)
    mine = ("Elm", "Gold", gold.id, MORNING + DAY, at_work.manager.membership_id)
    assert links() == (sorted([*before[0], mine]), [])
    assert verbs()[-2:] == ["tag.merge_undone", "tag.merge_undone"]


@settings(max_examples=15)
@given(st.data())
def test_whatever_was_tagged_merging_and_undoing_changes_nothing(at_work, data):
    Tag.objects.all().delete()
    tags = [make(at_work, name) for name in ("A", "B", "C")]
    for tag in tags:
        for account in at_work.accounts:
            days = data.draw(st.sampled_from([None, 0, 1, 2]))
            if days is not None:
                put(at_work, tag, account, at=MORNING - days * DAY)
    before = links()
    merge = {"tag_ids": [tags[0].id, tags[1].id], "into_id": tags[2].id}
    actions.merge_tags(actor=at_work.admin, at=MORNING, **merge)
    undo(at_work)
    assert links() == before


def test_the_later_of_two_merges_is_undone_first(at_work):
    vip, beta, gold = (make(at_work, name) for name in ("VIP", "Beta", "Gold"))
    put(at_work, vip, at_work.acme)
    put(at_work, beta, at_work.acme)
    before = links()
    for tag in (vip, beta):
        actions.merge_tags(actor=at_work.admin, at=MORNING, tag_ids=[tag.id], into_id=gold.id)
    first = TagRemoval.objects.earliest("id")
    with pytest.raises(ValidationError, match="merged into the same one since"):
        removals.undo(actor=at_work.admin, at=MORNING, removal_id=first.id)
    undo(at_work)
    undo(at_work)
    assert links() == before


def test_what_stands_in_the_way_is_said_and_nothing_changes(at_work):
    vip, gold = make(at_work, "VIP"), make(at_work, "Gold")
    actions.merge_tags(actor=at_work.admin, at=MORNING, tag_ids=[vip.id], into_id=gold.id)
    merge = TagRemoval.objects.get()
    actions.delete_tags(actor=at_work.admin, at=MORNING, tag_ids=[gold.id])
    with pytest.raises(ValidationError, match="“Gold” was merged or deleted since"):
        removals.undo(actor=at_work.admin, at=MORNING, removal_id=merge.id)
    undo(at_work)
    other = make(at_work, "vip")
    with pytest.raises(ValidationError, match="There is a tag “vip” again"):
        removals.undo(actor=at_work.admin, at=MORNING, removal_id=merge.id)
    actions.change_tag(actor=at_work.manager, at=MORNING, tag_id=other.id, name="Other")
    removals.undo(actor=at_work.admin, at=MORNING, removal_id=merge.id)
    assert {*Tag.objects.values_list("name", flat=True)} == {"VIP", "Gold", "Other"}


def test_after_thirty_days_it_is_for_good(at_work):
    vip = make(at_work, "VIP")
    put(at_work, vip, at_work.acme)
    actions.delete_tags(actor=at_work.admin, at=MORNING, tag_ids=[vip.id])
    with pytest.raises(ValidationError, match="this was longer ago"):
        undo(at_work, at=MORNING + 30 * DAY)
    assert removals.purge(actor=at_work.admin, at=MORNING + 29 * DAY) == 0
    assert removals.purge(actor=at_work.admin, at=MORNING + 30 * DAY) == 1
    assert not RemovedLink.objects.exists()
    assert not TagRemoval.objects.exists()


def test_an_account_that_was_merged_since_gets_the_tag_where_it_is_now(at_work):
    vip = make(at_work, "VIP")
    put(at_work, vip, at_work.birch)
    actions.delete_tags(actor=at_work.admin, at=MORNING, tag_ids=[vip.id])
    merge_accounts(
        actor=at_work.admin, at=MORNING, winner_id=at_work.acme.id, loser_id=at_work.birch.id
    )
    undo(at_work)
    assert [name for name, *_ in links()[0]] == ["Acme"]


def test_only_who_may_delete_tags_may_bring_them_back(at_work):
    vip = make(at_work, "VIP")
    actions.delete_tags(actor=at_work.admin, at=MORNING, tag_ids=[vip.id])
    with pytest.raises(PermissionDenied):
        undo(at_work, actor=at_work.manager)


def test_the_tag_manager_offers_what_can_be_undone(cast, sign_in):
    with cast.at_work():
        vip, gold = make(cast, "VIP"), make(cast, "Gold")
    ines, marek = sign_in(cast.admin), sign_in(cast.manager)
    data = {"merge-into": gold.id}
    ines.post(reverse("accounts:tag_merge", args=[vip.id]), data)
    page = ines.get(reverse("accounts:tags")).content.decode()
    assert "Deleted and merged" in page
    assert 'aria-label="Undo the merge of VIP"' in page
    assert "Deleted and merged" not in marek.get(reverse("accounts:tags")).content.decode()
    with cast.at_work():
        removal = TagRemoval.objects.get()
    address = reverse("accounts:tag_undo", args=[removal.id])
    assert marek.post(address).status_code == 403
    answer = ines.post(address, follow=True)
    assert "“VIP” is back, wherever it was" in answer.content.decode()
    assert ines.post(address).status_code == 404
    ines.post(reverse("accounts:tag_delete", args=[gold.id]))
    page = ines.get(reverse("accounts:tags")).content.decode()
    assert 'aria-label="Restore Gold"' in page
