"""A business has exactly one owner, who hands it over with proof that it is them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from afterclose.businesses import actions
from afterclose.businesses.actors import Actor, member
from afterclose.businesses.errors import CannotOwn, NotTheOwner, OwnerMustHandOver
from afterclose.businesses.models import AuditEntry, Membership, Person, Role
from tests.cast import PASSWORD, Cast
from tests.factories import MORNING

SignIn = Callable[[Actor | None], Client]
LATER = MORNING + timedelta(hours=1)


def owner() -> Membership:
    return Membership.objects.get(is_owner=True)


def of(actor: Actor) -> int:
    assert actor.membership_id
    return actor.membership_id


def test_who_makes_a_business_owns_it(at_work: Cast) -> None:
    assert owner().id == of(at_work.owner)


def test_the_owner_hands_over_to_an_admin_and_stays_super_admin(at_work: Cast) -> None:
    actions.hand_over(actor=at_work.owner, at=LATER, membership_id=of(at_work.admin))
    assert (owner().id, owner().role) == (of(at_work.admin), Role.SUPER_ADMIN)
    before = Membership.objects.get(id=of(at_work.owner))
    assert (before.is_owner, before.role) == (False, Role.SUPER_ADMIN)
    entry = AuditEntry.objects.get(verb="business.handed_over")
    assert entry.changes == {
        "owner": ["Dana Reyes", "Ines Duarte"],
        "role": ["admin", "super_admin"],
    }
    with pytest.raises(NotTheOwner):
        actions.hand_over(actor=at_work.owner, at=LATER, membership_id=of(at_work.owner))


def test_nobody_but_the_owner_hands_over(at_work: Cast) -> None:
    boss = actions.change_role(
        actor=at_work.owner, at=LATER, membership_id=of(at_work.admin), role=Role.SUPER_ADMIN
    )
    with pytest.raises(NotTheOwner):
        actions.hand_over(actor=member(boss), at=LATER, membership_id=boss.id)
    assert owner().id == of(at_work.owner)


def test_only_an_active_admin_can_own(at_work: Cast) -> None:
    for heir in (at_work.manager, at_work.owner):
        with pytest.raises(CannotOwn):
            actions.hand_over(actor=at_work.owner, at=LATER, membership_id=of(heir))
    actions.deactivate(actor=at_work.owner, at=LATER, membership_id=of(at_work.admin))
    with pytest.raises(CannotOwn):
        actions.hand_over(actor=at_work.owner, at=LATER, membership_id=of(at_work.admin))


def test_the_owner_cannot_be_removed_by_another_super_admin(at_work: Cast) -> None:
    boss = actions.change_role(
        actor=at_work.owner, at=LATER, membership_id=of(at_work.admin), role=Role.SUPER_ADMIN
    )
    with pytest.raises(OwnerMustHandOver):
        actions.deactivate(actor=member(boss), at=LATER, membership_id=of(at_work.owner))
    with pytest.raises(OwnerMustHandOver):
        actions.change_role(
            actor=member(boss), at=LATER, membership_id=of(at_work.owner), role=Role.MANAGER
        )


@pytest.mark.parametrize(
    "wrong",
    [{"role": Role.ADMIN}, {"deactivated_at": MORNING}],
)
def test_the_database_keeps_the_owner_in_charge(at_work: Cast, wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.filter(is_owner=True).update(**wrong)


def test_the_database_keeps_it_to_one(at_work: Cast) -> None:
    boss = actions.change_role(
        actor=at_work.owner, at=LATER, membership_id=of(at_work.admin), role=Role.SUPER_ADMIN
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.filter(id=boss.id).update(is_owner=True)


def test_the_page_asks_for_the_password(cast: Cast, sign_in: SignIn) -> None:
    dana = sign_in(cast.owner)
    address = f"/settings/people/{of(cast.admin)}/hand-over/"
    assert "Hand over ownership" in dana.get(f"/settings/people/{of(cast.admin)}/").content.decode()
    assert dana.get(address).status_code == 200
    wrong = dana.post(address, {"password": "not this one"})
    assert wrong.status_code == 422
    assert "not correct" in wrong.content.decode()
    assert dana.post(address, {"password": PASSWORD}).status_code == 302
    with cast.at_work():
        assert owner().id == of(cast.admin)
    assert dana.get(address).status_code == 302, "it is not hers to give any more"


def test_guessing_the_password_there_is_limited(cast: Cast, sign_in: SignIn) -> None:
    dana = sign_in(cast.owner)
    address = f"/settings/people/{of(cast.admin)}/hand-over/"
    for _ in range(10):
        dana.post(address, {"password": "wrong"})
    assert "Too many tries" in dana.post(address, {"password": PASSWORD}).content.decode()
    cache.clear()


def test_who_has_no_password_must_have_signed_in_just_now(cast: Cast, sign_in: SignIn) -> None:
    assert cast.owner.person
    Person.objects.filter(id=cast.owner.person_id).update(password="!none")
    cast.owner.person.refresh_from_db()
    dana = sign_in(cast.owner)
    address = f"/settings/people/{of(cast.admin)}/hand-over/"
    answer = dana.post(address, {})
    assert answer.status_code == 422
    assert "Sign out and in again" in answer.content.decode()


def test_an_admin_is_not_offered_what_is_the_owners(cast: Cast, sign_in: SignIn) -> None:
    ines = sign_in(cast.admin)
    page = ines.get(f"/settings/people/{of(cast.owner)}/").content.decode()
    assert "Owner of the business" in page
    assert "Hand over ownership" not in page
    address = f"/settings/people/{of(cast.admin)}/hand-over/"
    assert ines.post(address, {"password": PASSWORD})["Location"].endswith(f"/{of(cast.admin)}/")
    with cast.at_work():
        assert owner().id == of(cast.owner)


def test_a_command_helps_where_the_owner_is_gone(cast: Cast) -> None:
    call_command("hand_over", "ines@northwind.example", business="northwind")
    with cast.at_work():
        assert owner().id == of(cast.admin)
    for email, words in (
        ("marek@northwind.example", "cannot own"),
        ("sam@contoso.example", "no member"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("hand_over", email, business="northwind")
