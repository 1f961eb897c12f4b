"""Where somebody is signed in, and ending it: one, all others, everywhere, by an admin."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied
from django.test import Client

from afterclose.businesses import queries
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import AuditEntry, Membership, Role
from afterclose.businesses.sessions import actions
from afterclose.businesses.sessions.devices import device
from afterclose.businesses.sessions.middleware import SEEN_KEY
from tests.cast import PASSWORD, Cast
from tests.factories import MORNING

SignIn = Callable[[Actor | None], Client]
MAREK = "marek@northwind.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def signed_in(address: str = "192.0.2.7", agent: str = FIREFOX) -> Client:
    """Marek in a browser of his own, by password."""
    client = Client(REMOTE_ADDR=address, headers={"user-agent": agent})
    answer = client.post("/sign-in/login/", {"login": MAREK, "password": PASSWORD})
    assert answer.status_code == 302
    assert client.get("/profile/").status_code == 200
    return client


def is_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) CriOS/140 Safari/605", "Chrome on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537", "Chrome on Android"),
        ("curl/8.0", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_a_browser_is_called_what_people_call_it(agent: str, words: str) -> None:
    assert device(agent) == words


def test_the_page_shows_every_sign_in_and_which_one_is_this(cast: Cast) -> None:
    here = signed_in()
    signed_in("198.51.100.4", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Safari/605")
    page = here.get("/profile/sign-ins/").content.decode()
    assert page.count("This one") == 1
    for words in ("Firefox on Linux", "192.0.2.7", "Safari on iPhone", "198.51.100.4"):
        assert words in page


def test_one_is_ended_and_the_others_stay(cast: Cast) -> None:
    here, there, third = signed_in(), signed_in("198.51.100.4"), signed_in("198.51.100.5")
    victim = UserSession.objects.get(ip="198.51.100.4")
    assert here.post(f"/profile/sign-ins/{victim.pk}/end/").status_code == 302
    assert [is_in(each) for each in (here, there, third)] == [True, False, True]
    assert here.post(f"/profile/sign-ins/{victim.pk}/end/").status_code == 404


def test_nobody_ends_a_sign_in_of_somebody_else(cast: Cast, sign_in: SignIn) -> None:
    here = signed_in()
    session = UserSession.objects.get()
    dana = sign_in(cast.owner)
    assert dana.post(f"/profile/sign-ins/{session.pk}/end/").status_code == 404
    assert is_in(here)


def test_all_others_end_also_those_that_nobody_noted(cast: Cast, sign_in: SignIn) -> None:
    here, there, unknown = signed_in(), signed_in("198.51.100.4"), sign_in(cast.manager)
    assert here.post("/profile/sign-ins/end-others/").status_code == 302
    assert [is_in(each) for each in (here, there, unknown)] == [True, False, False]
    page = here.get("/profile/sign-ins/").content.decode()
    assert page.count("This one") == 1
    assert "198.51.100.4" not in page


def test_everywhere_is_here_too(cast: Cast) -> None:
    here, there = signed_in(), signed_in("198.51.100.4")
    answer = here.post("/profile/sign-ins/end-all/")
    assert answer["Location"] == "/sign-in/login/"
    assert not is_in(here)
    assert not is_in(there)
    assert is_in(signed_in()), "who signs in again is in"
    with cast.at_work():
        assert AuditEntry.objects.filter(verb="session.all_ended").count() == 1


def test_an_admin_signs_a_member_out_everywhere(cast: Cast, sign_in: SignIn) -> None:
    here, there = signed_in(), signed_in("198.51.100.4")
    ines = sign_in(cast.admin)
    address = f"/settings/people/{cast.manager.membership_id}/sign-out/"
    assert ines.post(address).status_code == 302
    assert not is_in(here)
    assert not is_in(there)
    assert is_in(ines)
    with cast.at_work():
        entry = AuditEntry.objects.get(verb="member.signed_out")
        assert (entry.actor_name, entry.subject_label) == ("Ines Duarte", "Marek Novak")


def test_an_admin_does_not_touch_the_sign_in_of_a_super_admin(cast: Cast, sign_in: SignIn) -> None:
    address = f"/settings/people/{cast.owner.membership_id}/"
    dana, ines = sign_in(cast.owner), sign_in(cast.admin)
    SocialAccount.objects.create(user=cast.owner.person, provider="okta", uid="dana-1")
    for what in ("sign-out", "unlink"):
        assert ines.post(f"{address}{what}/").status_code == 403
    page = ines.get(address).content.decode()
    assert "Only a super admin can change" in page
    assert not [each for each in ("sign-out/", "unlink/", "deactivate/") if each in page]
    assert is_in(dana)
    assert SocialAccount.objects.filter(user=cast.owner.person).exists()
    with cast.at_work():
        assert not AuditEntry.objects.filter(verb__in=("member.signed_out", "member.unlinked"))
    page = dana.get(address).content.decode()
    assert not [each for each in ("sign-out/", "unlink/") if each not in page]
    assert dana.post(f"{address}unlink/").status_code == 302
    assert not SocialAccount.objects.filter(user=cast.owner.person).exists()


def test_an_admin_does_not_touch_the_sign_in_of_who_is_more_in_another_business(
    cast: Cast, sign_in: SignIn
) -> None:
    """Sam is super admin of Contoso, and a mere member of Northwind."""
    with cast.at_work():
        guest = Membership.objects.create(person=cast.stranger.person, role=Role.MEMBER)
    SocialAccount.objects.create(user=cast.stranger.person, provider="okta", uid="sam-1")
    sam, ines, dana = (sign_in(who) for who in (cast.stranger, cast.admin, cast.owner))
    address = f"/settings/people/{guest.id}/"
    page = ines.get(address).content.decode()
    assert not [each for each in ("sign-out/", "unlink/") if each in page]
    assert "deactivate/" in page
    for what in ("sign-out", "unlink"):
        answer = ines.post(f"{address}{what}/")
        assert answer.status_code == 403
        assert "higher role than yours" in answer.content.decode()
        assert "Contoso" not in answer.content.decode()
    assert is_in(sam)
    assert SocialAccount.objects.filter(user=cast.stranger.person).exists()
    # Who is as much as he is there may.
    assert dana.post(f"{address}sign-out/").status_code == 302
    assert not is_in(sam)


def test_a_former_role_in_another_business_protects_no_sign_in(cast: Cast) -> None:
    with cast.elsewhere():
        Membership.objects.create(
            person=cast.manager.person, role=Role.ADMIN, deactivated_at=MORNING
        )
    with cast.at_work():
        assert queries.may_end_sign_in(cast.admin, cast.manager.membership)


def test_a_manager_or_a_stranger_signs_nobody_out(cast: Cast) -> None:
    assert cast.admin.membership_id
    with cast.at_work(), pytest.raises(PermissionDenied):
        actions.sign_out_member(
            actor=cast.manager, at=MORNING, membership_id=cast.admin.membership_id
        )
    with cast.elsewhere(), pytest.raises(Membership.DoesNotExist):
        actions.sign_out_member(
            actor=cast.stranger, at=MORNING, membership_id=cast.admin.membership_id
        )


def test_last_seen_is_written_now_and_then_and_not_at_every_request(cast: Cast) -> None:
    here = signed_in()
    before = UserSession.objects.get().last_seen_at
    here.get("/profile/")
    assert UserSession.objects.get().last_seen_at == before
    session = here.session
    session[SEEN_KEY] = 0
    session.save()
    here.get("/profile/")
    assert UserSession.objects.get().last_seen_at > before


def test_a_changed_password_ends_the_other_sign_ins(cast: Cast) -> None:
    here, there = signed_in(), signed_in("198.51.100.4")
    fresh = "another long password 7"
    here.post(
        "/sign-in/password/change/",
        {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh},
    )
    assert not is_in(there)
