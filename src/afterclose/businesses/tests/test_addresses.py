"""Changing one's own address: by a link to the new one, the old one is told, nothing leaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from afterclose.businesses import actions, actors, addresses
from afterclose.businesses.actors import Actor
from afterclose.businesses.errors import AddressTaken, LinkTooOld, NotYourLink
from afterclose.businesses.models import AuditEntry, Person, Role, SignInProvider
from tests.cast import PASSWORD, Cast
from tests.factories import MORNING
from tests.oidc import Provider, go, person_of

SignIn = Callable[[Actor | None], Client]
Post = Callable[[], list[EmailMessage]]
OLD, NEW = "marek@northwind.example", "m.novak@northwind.example"
PAGE = "/profile/email/"


def want(client: Client, email: str = NEW, password: str = PASSWORD) -> int:
    return client.post(PAGE, {"email": email, "password": password}).status_code


def link_in(message: EmailMessage) -> str:
    [url] = [word for word in str(message.body).split() if "/confirm/" in word]
    return "/" + url.split("/", 3)[3]


def token_in(message: EmailMessage) -> str:
    return link_in(message).rstrip("/").rpartition("/")[2]


def signs_in(email: str) -> bool:
    return (
        Client().post("/sign-in/login/", {"login": email, "password": PASSWORD}).status_code == 302
    )


def test_the_link_in_the_new_mailbox_changes_the_address_and_the_old_one_is_told(
    cast: Cast, sign_in: SignIn, post: Post
) -> None:
    with cast.elsewhere():
        actions.add_member(actor=cast.stranger, at=MORNING, email=OLD, role=Role.MANAGER)
    client, elsewhere = sign_in(cast.manager), Client()
    elsewhere.force_login(cast.manager.person)
    assert want(client, "M.Novak@Northwind.example ") == 302
    [message] = post()
    assert (message.to, message.subject) == ([NEW], "Confirm your new address")
    assert "Waits to be confirmed" in client.get(PAGE).text
    assert signs_in(OLD), "until then nothing has changed"

    link = link_in(message)
    assert f"Use {NEW}" in client.get(link).text
    assert Person.objects.get(pk=cast.manager.person_id).email == OLD, "a look changes nothing"
    assert client.post(link).headers["Location"] == "/profile/"

    person = Person.objects.get(pk=cast.manager.person_id)
    assert (person.email, person.new_email) == (NEW, "")
    assert client.get("/accounts/").status_code == 200, "sessions stay"
    assert elsewhere.get("/accounts/").status_code == 200
    [told] = post()
    assert told.to == [OLD]
    assert NEW in told.body
    for place in (cast.at_work(), cast.elsewhere()):
        with place:
            entry = AuditEntry.objects.get(verb="person.email_changed")
            assert entry.changes == {"email": [OLD, NEW]}
    assert signs_in(NEW)
    assert not signs_in(OLD)
    assert client.post(link).headers["Location"] == PAGE, "the link works once"


def test_the_old_address_opens_nothing_even_where_allauth_knew_it(
    cast: Cast, sign_in: SignIn, post: Post
) -> None:
    EmailAddress.objects.create(user=cast.manager.person, email=OLD, verified=True, primary=True)
    client = sign_in(cast.manager)
    want(client)
    client.post(link_in(post()[0]))
    post()
    Client().post("/sign-in/password/reset/", {"email": OLD})
    assert post() == []
    Client().post("/sign-in/password/reset/", {"email": NEW})
    assert [message.to for message in post()] == [[NEW]]


def test_the_wrong_password_or_a_wrong_address_sends_nothing(
    cast: Cast, sign_in: SignIn, post: Post
) -> None:
    client = sign_in(cast.manager)
    assert want(client, password="not this one") == 422
    assert want(client, "no address") == 422
    assert want(client, OLD) == 422
    assert post() == []


def test_whether_an_address_has_an_account_is_told_to_its_owner_alone(
    cast: Cast, sign_in: SignIn, post: Post
) -> None:
    client = sign_in(cast.manager)
    assert want(client, "sam@contoso.example") == 302
    taken = client.get(PAGE).text
    [message] = post()
    assert (message.to, message.subject) == (
        ["sam@contoso.example"],
        "This address has an account already",
    )
    assert "Sam Okafor" in message.body
    assert "/confirm/" not in message.body
    want(client)
    assert client.get(PAGE).text.count("Waits to be confirmed") == taken.count(
        "Waits to be confirmed"
    )


def test_a_link_of_somebody_else_and_a_forged_one_do_nothing(
    cast: Cast, sign_in: SignIn, post: Post
) -> None:
    want(sign_in(cast.manager))
    [message] = post()
    with pytest.raises(NotYourLink):
        addresses.confirm(actor=cast.admin, at=MORNING, token=token_in(message))
    with pytest.raises(LinkTooOld):
        addresses.confirm(actor=cast.manager, at=MORNING, token=token_in(message)[:-2] + "xx")
    assert sign_in(cast.admin).post(link_in(message)).headers["Location"] == PAGE
    assert Client().get(link_in(message)).headers["Location"].startswith("/sign-in/login/")
    assert not Person.objects.filter(email=NEW).exists()


def test_a_link_ends_by_a_newer_one_by_cancelling_and_after_a_day(
    cast: Cast, sign_in: SignIn, post: Post
) -> None:
    client = sign_in(cast.manager)
    want(client, "first@northwind.example")
    want(client)
    first, second = map(token_in, post())
    with pytest.raises(LinkTooOld):
        addresses.confirm(actor=cast.manager, at=MORNING, token=first)
    with time_machine.travel(timezone.now() + timedelta(hours=25)), pytest.raises(LinkTooOld):
        addresses.confirm(actor=cast.manager, at=MORNING, token=second)
    assert client.post("/profile/email/cancel/").status_code == 302
    with pytest.raises(LinkTooOld):
        addresses.confirm(actor=cast.manager, at=MORNING, token=second)
    assert "Waits to be confirmed" not in client.get(PAGE).text


def test_an_address_that_somebody_got_meanwhile_is_refused(
    cast: Cast, sign_in: SignIn, post: Post
) -> None:
    want(sign_in(cast.manager))
    [message] = post()
    with cast.at_work():
        actions.add_member(actor=cast.owner, at=MORNING, email=NEW, role=Role.MEMBER)
    with pytest.raises(AddressTaken):
        addresses.confirm(actor=cast.manager, at=MORNING, token=token_in(message))


def test_five_changes_an_hour_are_enough(cast: Cast, sign_in: SignIn, post: Post) -> None:
    client = sign_in(cast.manager)
    asked = [want(client, f"m{number}@northwind.example") for number in range(6)]
    assert asked == [302] * 5 + [422]
    assert len(post()) == 5


def test_who_signs_in_by_a_provider_has_no_password_to_give_and_keeps_the_link(
    cast: Cast, okta: SignInProvider, there: Provider, post: Post
) -> None:
    person = cast.manager.person
    person.set_unusable_password()
    person.save()
    client = Client()
    assert go(client).status_code == 302
    post()
    assert 'name="password"' not in client.get(PAGE).text
    assert client.post(PAGE, {"email": NEW}).status_code == 302
    assert client.post(link_in(post()[0])).headers["Location"] == "/profile/"
    assert SocialAccount.objects.filter(user=person, uid="marek-1").exists()
    again = Client()
    assert go(again).status_code == 302
    assert person_of(again).email == NEW, "the subject counts, not the address there"


def test_a_session_of_long_ago_is_no_proof_for_who_has_no_password(
    cast: Cast, sign_in: SignIn, post: Post
) -> None:
    cast.manager.person.set_unusable_password()
    cast.manager.person.save()
    assert want(sign_in(cast.manager)) == 422
    assert post() == []


def test_the_system_has_no_address(at_work: Cast) -> None:

    with pytest.raises(TypeError):
        addresses.ask(actor=actors.system(at_work.business.id), at=MORNING, email=NEW)
    with pytest.raises(ValidationError):
        addresses.ask(actor=at_work.manager, at=MORNING, email=OLD)
