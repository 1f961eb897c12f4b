"""Signing in: limits that all processes share, passwords by mail, second factors in reach."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.businesses import actions, invitations, second_factors
from afterclose.businesses.actors import Actor
from afterclose.businesses.invitations import set_password_url
from afterclose.businesses.models import AuditEntry, Person, Role
from afterclose.businesses.sign_in import MfaAdapter
from afterclose.config import machine
from tests.cast import PASSWORD, Cast
from tests.factories import MORNING

SignIn = Callable[[Actor | None], Client]
Post = Callable[[], list[EmailMessage]]
MAREK = "marek@northwind.example"


def sign_in_as(client: Client, password: str) -> int:
    return client.post("/sign-in/login/", {"login": MAREK, "password": password}).status_code


def test_after_five_wrong_passwords_the_right_one_has_to_wait(cast: Cast) -> None:
    for _ in range(5):
        sign_in_as(Client(), "wrong")
    assert sign_in_as(Client(), PASSWORD) != 302
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM shared_cache")
        assert cursor.fetchone()[0] > 0, "counted where every process sees it"
    cache.clear()
    assert sign_in_as(Client(), PASSWORD) == 302


def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(cast: Cast, post: Post) -> None:
    client = Client()
    assert client.post("/sign-in/password/reset/", {"email": MAREK}).status_code == 302
    [message] = post()
    assert (message.to, message.subject) == ([MAREK], "Choose a new password")
    link = next(word for word in str(message.body).split() if "/password/reset/key/" in word)
    path = "/" + link.split("/", 3)[3]
    form = client.get(path, follow=True)
    answer = client.post(
        form.request["PATH_INFO"],
        {"password1": "a fresh long password", "password2": "a fresh long password"},
    )
    assert answer.status_code == 302
    assert Person.objects.get(email=MAREK).check_password("a fresh long password")
    again = Client().get(path, follow=True)
    assert 'name="password1"' not in again.content.decode()
    [told] = post()
    assert told.subject == "Your password was changed"
    with cast.at_work():
        assert AuditEntry.objects.get(verb="person.password_reset").person_id == (
            cast.manager.person_id
        )


def test_a_mail_server_that_is_down_keeps_nobody_from_anything(cast: Cast, settings: Any) -> None:
    settings.MAILERS = {"default": machine.mail("smtp://127.0.0.1:9")}
    assert Client().post("/sign-in/password/reset/", {"email": MAREK}).status_code == 302
    assert ProcrastinateJob.objects.filter(task_name="businesses.send_letter").count() == 1


def test_asking_for_a_new_password_does_the_same_for_whoever_has_no_account(cast: Cast) -> None:
    asked = {}
    for email in (MAREK, "nobody@elsewhere.example"):
        with CaptureQueriesContext(connection) as queries:
            Client().post("/sign-in/password/reset/", {"email": email})
        asked[email] = [each["sql"].split(" WHERE ")[0] for each in queries.captured_queries]
    assert len(asked[MAREK]) == len(asked["nobody@elsewhere.example"])
    kept = ProcrastinateJob.objects.filter(task_name="businesses.send_letter")
    assert [job.args["person_id"] for job in kept] == [0, 0]


def test_the_link_to_a_new_password_goes_to_the_address_as_it_is_known(
    cast: Cast, post: Post
) -> None:
    Client().post("/sign-in/password/reset/", {"email": "MAREK@Northwind.Example"})
    [sent] = post()
    assert sent.to == [MAREK]


def test_strangers_get_no_mail_of_ours(cast: Cast, post: Post) -> None:
    Client().post("/sign-in/password/reset/", {"email": "nobody@elsewhere.example"})
    assert post() == []


def test_no_link_that_opens_an_account_lies_in_the_queue(cast: Cast) -> None:
    Client().post("/sign-in/password/reset/", {"email": MAREK})
    [job] = ProcrastinateJob.objects.filter(task_name="businesses.send_letter")
    assert job.args["facts"] == {}


def test_what_changes_a_sign_in_is_told_by_mail_and_in_the_audit_log_of_each_business(
    cast: Cast, post: Post
) -> None:
    with cast.elsewhere():
        actions.add_member(actor=cast.stranger, at=MORNING, email=MAREK, role=Role.MANAGER)
    client = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
    sign_in_as(client, PASSWORD)
    fresh = "a fresh long password"
    client.post(
        "/sign-in/password/change/",
        {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh},
    )
    [told] = post()
    assert told.to == [MAREK]
    for part in (told.body, told.alternatives[0][0]):
        assert "Firefox on Linux" in part
        assert "127.0.0.1" in part
        assert "not you?" in part
    for place in (cast.at_work(), cast.elsewhere()):
        with place:
            entry = AuditEntry.objects.get(verb="person.password_changed")
            assert entry.actor_name == "Marek Novak"


def test_whoever_came_by_an_invitation_can_set_up_second_factors(cast: Cast) -> None:
    with cast.at_work():
        new = actions.add_member(
            actor=cast.owner, at=MORNING, email="nina@northwind.example", role=Role.MEMBER
        )
    client, chosen = Client(), "a fresh long password"
    form = client.get(urlsplit(set_password_url(new.person)).path, follow=True)
    sent = {"password1": chosen, "password2": chosen}
    assert client.post(form.request["PATH_INFO"], sent).status_code == 302
    client.post("/sign-in/login/", {"login": "nina@northwind.example", "password": chosen})
    client.post("/sign-in/reauthenticate/", {"password": chosen})
    for page in ("/sign-in/2fa/totp/activate/", "/sign-in/2fa/webauthn/add/"):
        assert client.get(page).status_code == 200, page


def test_pages_about_signing_in_are_kept_nowhere_and_others_by_no_proxy(cast: Cast) -> None:
    client = Client()
    sign_in_as(client, PASSWORD)
    client.post("/sign-in/reauthenticate/", {"password": PASSWORD})
    TOTP.activate(cast.manager.person, totp.generate_totp_secret())
    client.post("/sign-in/2fa/recovery-codes/generate/")
    for page in ("/sign-in/2fa/recovery-codes/", "/sign-in/2fa/", "/sign-in/password/change/"):
        assert "no-store" in client.get(page)["Cache-Control"], page
    for page in ("/profile/", "/"):
        assert client.get(page)["Cache-Control"] == "private, no-cache"


def test_names_have_nothing_in_them_that_is_not_seen(cast: Cast) -> None:
    client = Client()
    sign_in_as(client, PASSWORD)
    name = "Marek\r\nBcc: x@evil.example\u202e"
    client.post("/profile/", {"name": name, "locale": "", "time_zone": "", "theme": "system"})
    assert Person.objects.get(email=MAREK).name == "Marek Bcc: x@evil.example"


def test_an_invitation_goes_out_whatever_the_names_are(cast: Cast) -> None:
    with cast.at_work():
        new = actions.add_member(
            actor=cast.owner, at=MORNING, email="nina@northwind.example", role=Role.MEMBER
        )
        invitations.send(membership_id=new.id, invited_by="Dana\r\nBcc: x@evil.example\u202e")
    [sent] = mail.outbox
    assert sent.to == ["nina@northwind.example"]
    assert sent.subject.startswith("Dana Bcc: x@evil.example invites you to")


def test_secrets_of_second_factors_are_not_readable_in_the_database(cast: Cast) -> None:
    client = Client()
    sign_in_as(client, PASSWORD)
    client.post("/sign-in/reauthenticate/", {"password": PASSWORD})
    page = client.get("/sign-in/2fa/totp/activate/")
    secret = page.context["form"].secret
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    code = totp.format_hotp_value(totp.hotp_value(secret, counter))
    assert client.post("/sign-in/2fa/totp/activate/", {"code": code}).status_code == 302
    kept = {each.type: each.data for each in Authenticator.objects.all()}
    assert secret not in str(kept)
    app = Authenticator.objects.get(type="totp")
    assert MfaAdapter().decrypt(app.data["secret"]) == secret


def test_a_code_counts_half_a_minute_early_and_late_and_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, now = totp.generate_totp_secret(), [1_800_000_000.0]
    TOTP.activate(cast.manager.person, secret)
    monkeypatch.setattr(totp.time, "time", lambda: now[0])

    def code_at(offset: int) -> str:
        counter = int(now[0] + offset) // 30
        return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))

    def sign_in_by(code: str) -> bool:
        client = Client()
        sign_in_as(client, PASSWORD)
        return client.post("/sign-in/2fa/authenticate/", {"code": code}).status_code == 302

    late, early = code_at(-30), code_at(30)
    assert [sign_in_by(code_at(-60)), sign_in_by(code_at(60))] == [False, False]
    assert sign_in_by(late)
    assert not sign_in_by(late)
    assert sign_in_by(early)
    now[0] += 45
    # What allauth remembers of used codes is gone by now; the code would still count.
    cache.delete(TOTP(Authenticator.objects.get(type="totp"))._get_used_cache_key(early))
    assert not sign_in_by(early)


@pytest.mark.parametrize(
    "said",
    ["[]", '{"id": "x"}', '{"id": 1, "rawId": 1, "response": 1}',
     '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {"userHandle": "8"}}'],
)  # fmt: skip
def test_a_passkey_that_does_not_fit_is_refused_and_not_called_a_code(
    cast: Cast, said: str
) -> None:
    client = Client()
    answer = client.post("/sign-in/2fa/webauthn/login/", {"credential": said})
    assert answer.status_code == 302
    page = client.get("/sign-in/login/").content.decode()
    assert "clock of your phone" not in page
    if said != "[]":  # which a form takes for nothing at all
        assert "This passkey or security key does not open this account" in page


def test_a_new_key_that_is_none_is_refused(cast: Cast) -> None:
    client = Client()
    sign_in_as(client, PASSWORD)
    client.post("/sign-in/reauthenticate/", {"password": PASSWORD})
    for said in ('{"id": "x"}', '{"id": "eA", "rawId": "eA", "response": {}}'):
        sent = {"name": "Laptop", "credential": said}
        answer = client.post("/sign-in/2fa/webauthn/add/", sent)
        assert second_factors.NOT_A_KEY in answer.context["form"].non_field_errors()
    assert not Authenticator.objects.exists()


def test_a_renamed_passkey_is_in_the_audit_log_and_a_stranger_renames_none(cast: Cast) -> None:
    person = Person.objects.get(email=MAREK)
    client = Client()
    sign_in_as(client, PASSWORD)
    key = Authenticator.objects.create(user=person, type="webauthn", data={"name": "Laptop"})
    address = f"/sign-in/2fa/webauthn/keys/{key.pk}/edit/"
    assert "/reauthenticate/" in client.post(address, {"name": "Mine"}).headers["Location"]
    client.post("/sign-in/reauthenticate/", {"password": PASSWORD})
    assert client.post(address, {"name": "x" * 101}).status_code == 200
    for _ in range(2):
        assert client.post(address, {"name": "Work laptop"}).status_code == 302
    with cast.at_work():
        found = AuditEntry.objects.filter(verb="person.passkey_renamed")
        [(person_id, changes)] = found.values_list("person_id", "changes")
    assert (person_id, changes) == (person.pk, {"name": ["Laptop", "Work laptop"]})
    ines = Client()
    ines.post("/sign-in/login/", {"login": "ines@northwind.example", "password": PASSWORD})
    ines.post("/sign-in/reauthenticate/", {"password": PASSWORD})
    assert ines.post(address, {"name": "Theirs"}).status_code == 404


def test_a_second_factor_whose_key_is_lost_fits_no_code(cast: Cast, settings: Any) -> None:
    kept = MfaAdapter().encrypt("JBSWY3DPEHPK3PXP")
    settings.SECRET_KEY = "another"
    first, second = MfaAdapter().decrypt(kept), MfaAdapter().decrypt(kept)
    assert len({first, second, "JBSWY3DPEHPK3PXP"}) == 3


def test_recovery_codes_are_shown_once(cast: Cast) -> None:
    client = Client()
    sign_in_as(client, PASSWORD)
    client.post("/sign-in/reauthenticate/", {"password": PASSWORD})
    TOTP.activate(cast.manager.person, totp.generate_totp_secret())
    assert client.post("/sign-in/2fa/recovery-codes/generate/").status_code == 302
    person = Person.objects.get(email=MAREK)
    codes = Authenticator.objects.get(user=person, type="recovery_codes").wrap().get_unused_codes()
    first = client.get("/sign-in/2fa/recovery-codes/").text
    again = client.get("/sign-in/2fa/recovery-codes/").text
    assert all(code in first for code in codes)
    assert not any(code in again for code in codes)
    assert "10 of 10 are left" in again
    assert client.get("/sign-in/2fa/recovery-codes/download/").status_code == 403


def test_nobody_learns_by_a_reset_who_has_an_account(cast: Cast) -> None:
    known = Client().post("/sign-in/password/reset/", {"email": MAREK})
    unknown = Client().post("/sign-in/password/reset/", {"email": "nobody@northwind.example"})
    assert (known.status_code, known.headers["Location"]) == (
        unknown.status_code,
        unknown.headers["Location"],
    )


def test_short_and_common_passwords_are_refused(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    for weak in ("short", "password123", "1234567890"):
        client.post(
            "/sign-in/password/change/",
            {"oldpassword": PASSWORD, "password1": weak, "password2": weak},
        )
    assert Person.objects.get(email=MAREK).check_password(PASSWORD)


def test_nobody_signs_up_by_themselves(db: None) -> None:
    Client().post(
        "/sign-in/signup/",
        {"email": "x@y.example", "password1": "a long password", "password2": "a long password"},
    )
    assert not Person.objects.filter(email="x@y.example").exists()


def test_second_factors_and_passwords_are_pages_of_ones_own(cast: Cast, sign_in: SignIn) -> None:
    client = Client()
    sign_in_as(client, PASSWORD)
    asked = client.get("/sign-in/2fa/totp/activate/")
    assert asked.headers["Location"].startswith("/sign-in/reauthenticate/"), "who is it really"
    client.post("/sign-in/reauthenticate/", {"password": PASSWORD})
    for path in (
        "/sign-in/2fa/",
        "/sign-in/2fa/totp/activate/",
        "/sign-in/2fa/webauthn/add/",
        "/sign-in/password/change/",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
        assert Client().get(path).status_code == 302
    assert "/sign-in/2fa/" in client.get("/profile/").content.decode()


def test_who_is_signed_out_is_out(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    assert client.get("/sign-in/logout/").status_code == 200
    assert client.get("/accounts/").status_code == 200, "a GET signs nobody out"
    assert client.post("/sign-in/logout/").status_code == 302
    assert client.get("/accounts/").status_code == 302


def test_who_lost_everything_is_let_in_by_the_server_and_told(cast: Cast, post: Post) -> None:
    TOTP.activate(cast.manager.person, totp.generate_totp_secret())
    client = Client()
    client.post("/sign-in/login/", {"login": MAREK, "password": PASSWORD})
    assert client.get("/accounts/").status_code == 302, "a code is asked for"
    call_command("remove_second_factors", " Marek@northwind.example")
    sign_in_as(client := Client(), PASSWORD)
    assert client.get("/accounts/").status_code == 200
    [told] = post()
    assert (told.to, told.subject) == ([MAREK], "Your second factors were removed")
    with cast.at_work():
        entry = AuditEntry.objects.get(verb="person.second_factors_removed")
        assert (entry.person, entry.actor_name) == (None, "The server's operator")
    for wrong in (MAREK, "nobody@northwind.example"):
        with pytest.raises(CommandError):
            call_command("remove_second_factors", wrong)
