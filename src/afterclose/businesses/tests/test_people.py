"""Members come, change roles and go; somebody always stays in charge."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from afterclose.businesses import actions
from afterclose.businesses.errors import AlreadyMember, LastSuperAdmin, OnlySuperAdmins
from afterclose.businesses.models import AuditEntry, Membership, Person, Role
from tests.cast import Cast
from tests.factories import MORNING

LATER = MORNING + timedelta(hours=1)


def test_a_new_business_has_its_owner_as_super_admin(at_work: Cast) -> None:
    assert at_work.owner.role == Role.SUPER_ADMIN
    assert AuditEntry.objects.filter(verb="business.created").count() == 1


def test_a_new_member_is_a_person_with_a_role_and_an_audit_entry(at_work: Cast) -> None:
    added = actions.add_member(
        actor=at_work.admin, at=LATER, email=" Nia@Example.COM ", role="manager", name="Nia Okoye"
    )
    assert (added.person.email, added.role) == ("nia@example.com", "manager")
    entry = AuditEntry.objects.order_by("id").last()
    assert entry is not None
    assert (entry.verb, entry.actor_name, entry.at) == ("member.added", "Ines Duarte", LATER)
    assert entry.changes == {"email": "nia@example.com", "role": [None, "manager"]}


def test_a_person_of_another_business_can_be_a_member_here_too(at_work: Cast) -> None:
    assert at_work.stranger.person
    added = actions.add_member(
        actor=at_work.owner, at=LATER, email="sam@contoso.example", role="member"
    )
    assert added.person_id == at_work.stranger.person_id
    assert Person.objects.filter(email="sam@contoso.example").count() == 1


def test_nobody_is_a_member_twice(at_work: Cast) -> None:
    with pytest.raises(AlreadyMember):
        actions.add_member(
            actor=at_work.owner, at=LATER, email="MAREK@northwind.example", role="member"
        )


@pytest.mark.parametrize("email", ["", "marek", "a@b", "x@y.example\nbcc: z@z.example"])
def test_an_address_that_is_none_is_refused_by_name(at_work: Cast, email: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        actions.add_member(actor=at_work.owner, at=LATER, email=email, role="member")
    assert "email" in refusal.value.message_dict


def test_managers_and_members_cannot_change_people(at_work: Cast) -> None:
    for actor in (at_work.manager, at_work.member):
        with pytest.raises(PermissionDenied):
            actions.change_role(
                actor=actor, at=LATER, membership_id=actor.membership_id or 0, role="admin"
            )


def test_an_admin_cannot_make_or_unmake_a_super_admin(at_work: Cast) -> None:
    ines, dana = at_work.admin.membership_id or 0, at_work.owner.membership_id or 0
    with pytest.raises(OnlySuperAdmins):
        actions.change_role(actor=at_work.admin, at=LATER, membership_id=ines, role="super_admin")
    with pytest.raises(OnlySuperAdmins):
        actions.change_role(actor=at_work.admin, at=LATER, membership_id=dana, role="member")
    with pytest.raises(OnlySuperAdmins):
        actions.deactivate(actor=at_work.admin, at=LATER, membership_id=dana)
    with pytest.raises(OnlySuperAdmins):
        actions.add_member(actor=at_work.admin, at=LATER, email="x@y.example", role="super_admin")


def test_the_last_super_admin_stays(at_work: Cast) -> None:
    dana = at_work.owner.membership_id or 0
    with pytest.raises(LastSuperAdmin):
        actions.change_role(actor=at_work.owner, at=LATER, membership_id=dana, role="admin")
    with pytest.raises(LastSuperAdmin):
        actions.deactivate(actor=at_work.owner, at=LATER, membership_id=dana)
    actions.change_role(
        actor=at_work.owner,
        at=LATER,
        membership_id=at_work.admin.membership_id or 0,
        role="super_admin",
    )
    actions.hand_over(actor=at_work.owner, at=LATER, membership_id=at_work.admin.membership_id or 0)
    actions.change_role(actor=at_work.owner, at=LATER, membership_id=dana, role="admin")
    assert Membership.objects.get(id=dana).role == Role.ADMIN


def test_a_deactivated_super_admin_does_not_count_as_another(at_work: Cast) -> None:
    ines, dana = at_work.admin.membership_id or 0, at_work.owner.membership_id or 0
    actions.change_role(actor=at_work.owner, at=LATER, membership_id=ines, role="super_admin")
    actions.deactivate(actor=at_work.owner, at=LATER, membership_id=ines)
    with pytest.raises(LastSuperAdmin):
        actions.deactivate(actor=at_work.owner, at=LATER, membership_id=dana)


def test_a_member_who_left_can_come_back(at_work: Cast) -> None:
    marek = at_work.manager.membership_id or 0
    actions.deactivate(actor=at_work.admin, at=LATER, membership_id=marek)
    actions.deactivate(actor=at_work.admin, at=LATER, membership_id=marek)
    assert AuditEntry.objects.filter(verb="member.deactivated").count() == 1
    back = actions.add_member(
        actor=at_work.admin, at=LATER, email="marek@northwind.example", role="admin"
    )
    assert (back.id, back.deactivated_at, back.role) == (marek, None, "admin")


def test_a_person_changes_their_own_profile(at_work: Cast) -> None:
    changed = actions.change_profile(
        actor=at_work.member,
        at=LATER,
        changes={"name": "Lou Chen-Park", "time_zone": "Asia/Tokyo", "locale": "", "theme": "dark"},
    )
    assert (changed.name, changed.time_zone, changed.theme) == (
        "Lou Chen-Park",
        "Asia/Tokyo",
        "dark",
    )
    with pytest.raises(ValidationError) as refusal:
        actions.change_profile(
            actor=at_work.member, at=LATER, changes={"time_zone": "Mars", "name": " "}
        )
    assert set(refusal.value.message_dict) == {"time_zone", "name"}


def test_nobody_changes_or_removes_an_audit_entry(at_work: Cast) -> None:
    assert AuditEntry.objects.count() > 0
    assert AuditEntry.objects.update(actor_name="Nobody") == 0
    assert AuditEntry.objects.all().delete()[0] == 0
    assert not AuditEntry.objects.filter(actor_name="Nobody").exists()
