"""Signing in, in a real browser, under the strict security policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from playwright.sync_api import expect

from afterclose.businesses import addresses, letters
from afterclose.businesses.models import Person
from tests.cast import PASSWORD, Cast
from tests.e2e.browser import Browsing, assert_accessible, settle

MAREK = "marek@northwind.example"


@pytest.fixture(autouse=True)
def _no_limits_of_before(transactional_db: None) -> Iterator[None]:
    """The counters of tries are not in a table that Django's flush knows."""
    yield
    cache.clear()


def give_password(browsing: Browsing, password: str = PASSWORD) -> None:
    page = browsing.go("/sign-in/login/")
    page.locator("#id_login").fill(MAREK)
    page.locator("#id_password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    settle(page)


def sign_out(browsing: Browsing) -> None:
    page = browsing.page
    page.get_by_role("button", name=re.compile("Your menu")).click()
    page.get_by_role("button", name="Sign out").click()
    settle(page)


def prove_again(browsing: Browsing) -> None:
    """allauth asks for the password before anything about second factors changes."""
    page = browsing.page
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm", exact=True).click()
    settle(page)


def test_a_wrong_password_is_told_and_the_right_one_lets_in(
    browsing: Browsing, stage: Cast
) -> None:
    give_password(browsing, "not this one")
    page = browsing.page
    expect(page.get_by_text(re.compile("not correct", re.I)).first).to_be_visible()
    assert page.locator("#id_login").input_value() == MAREK
    give_password(browsing)
    assert "/sign-in/" not in page.url
    expect(page.get_by_role("button", name=re.compile("Your menu"))).to_be_visible()
    sign_out(browsing)
    assert "/sign-in/" in page.url


@pytest.mark.slow
def test_a_code_of_an_app_is_asked_for_once_it_is_set_up(browsing: Browsing, stage: Cast) -> None:
    give_password(browsing)
    page = browsing.go("/sign-in/2fa/totp/activate/")
    prove_again(browsing)
    secret = page.locator("#authenticator_secret").input_value()
    assert_accessible(page)
    page.locator("#id_code").fill(code(secret))
    page.get_by_role("button", name=re.compile("Activate|Switch on|Set up")).click()
    settle(page)
    browsing.go("/")
    sign_out(browsing)
    give_password(browsing)
    assert "/2fa/authenticate/" in page.url
    assert_accessible(page, "sign-in-second-factor")
    cache.clear()  # the same code a second time within its half minute would be refused
    page.locator("#id_code").first.fill(code(secret))
    page.get_by_role("button", name=re.compile("Sign in|Confirm|Continue")).first.click()
    settle(page)
    assert "/sign-in/" not in page.url


@pytest.mark.slow
def test_a_second_factor_from_its_set_up_to_its_end(browsing: Browsing, stage: Cast) -> None:
    page = browsing.page
    give_password(browsing)
    browsing.go("/sign-in/2fa/totp/activate/")
    assert_accessible(page, "sign-in-again")
    prove_again(browsing)
    assert_accessible(page, "sign-in-totp")
    page.locator("#id_code").fill("000000")
    page.get_by_role("button", name="Switch on").click()
    settle(page)
    expect(page.get_by_text("The code is not correct").first).to_be_visible()
    secret = page.locator("#authenticator_secret").input_value()
    cache.clear()
    page.locator("#id_code").fill(code(secret))
    page.get_by_role("button", name="Switch on").click()
    settle(page)

    codes = page.locator("#recovery_codes li").all_inner_texts()
    assert len(codes) == 10
    assert_accessible(page, "sign-in-codes")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    assert Path(saved.value.path()).read_text().split()[-10:] == codes
    page.get_by_role("link", name="I have saved them").click()
    settle(page)
    assert_accessible(page, "sign-in-factors")
    browsing.go("/sign-in/2fa/recovery-codes/")
    assert not page.get_by_text(codes[0]).count(), "shown once"
    assert_accessible(page, "sign-in-codes-again")
    browsing.go("/sign-in/2fa/recovery-codes/generate/")
    assert_accessible(page, "sign-in-codes-anew")

    for attempt, is_let_in in ((codes[3], True), (codes[3], False), (codes[4], True)):
        cache.clear()
        browsing.go("/")
        if "/sign-in/" not in page.url:
            sign_out(browsing)
        give_password(browsing)
        page.locator("#id_code").first.fill(attempt)
        page.get_by_role("button", name="Sign in", exact=True).click()
        settle(page)
        assert ("/sign-in/" not in page.url) is is_let_in
        if not is_let_in:
            expect(page.get_by_text("The code is not correct").first).to_be_visible()
            page.get_by_role("button", name="Cancel").click()
            settle(page)

    browsing.go("/sign-in/2fa/")
    expect(page.get_by_text("8 of 10 are left")).to_be_visible()
    page.get_by_role("link", name="Switch off").click()
    settle(page)
    if "/reauthenticate/" in page.url:
        prove_again(browsing)
    assert_accessible(page, "sign-in-totp-off")
    page.get_by_role("button", name="Switch off").click()
    settle(page)
    expect(page.get_by_text("Recovery codes")).to_have_count(0)
    sign_out(browsing)
    give_password(browsing)
    assert "/sign-in/" not in page.url


@pytest.mark.slow
def test_a_passkey_signs_in_without_a_password(browsing: Browsing, stage: Cast) -> None:
    page = browsing.page
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    give_password(browsing)
    browsing.go("/sign-in/2fa/webauthn/add/")
    prove_again(browsing)
    assert_accessible(page, "sign-in-passkey-add")
    page.locator("#id_name").fill("Laptop")
    page.locator("#id_passwordless").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: "webauthn/add" not in url)
    settle(page)
    browsing.go("/sign-in/2fa/webauthn/")
    assert_accessible(page, "sign-in-passkeys")
    page.get_by_role("link", name="Rename Laptop").click()
    settle(page)
    assert_accessible(page, "sign-in-passkey-name")
    page.locator("#id_name").fill("Work laptop")
    page.get_by_role("button", name="Save name").click()
    settle(page)
    browsing.go("/")
    sign_out(browsing)
    browsing.go("/sign-in/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    expect(page.get_by_role("button", name=re.compile("Your menu"))).to_be_visible()
    browsing.go("/sign-in/2fa/webauthn/")
    page.get_by_role("link", name="Remove Work laptop").click()
    settle(page)
    if "/reauthenticate/" in page.url:
        page.get_by_role("link", name="Use a passkey or security key").click()
        settle(page)
        assert_accessible(page, "sign-in-again-passkey")
        page.locator("#mfa_webauthn_reauthenticate").click()
        page.wait_for_url(lambda url: "/reauthenticate/" not in url)
        settle(page)
    assert_accessible(page, "sign-in-passkey-gone")
    page.get_by_role("button", name="Remove").click()
    settle(page)
    expect(page.get_by_text("No passkey yet")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["login/", "password/reset/", "password/reset/done/", "password/reset/key/1-x/"]
)
def test_pages_before_signing_in_read_well(path: str, browsing: Browsing, stage: Cast) -> None:
    page = browsing.go(f"/sign-in/{path}")
    assert page.get_by_role("heading", level=1).count() == 1
    assert_accessible(page, "sign-in-" + path.strip("/").replace("/", "-"))


def test_a_password_and_an_address_are_changed_by_pages_that_read_well(
    browsing: Browsing, stage: Cast
) -> None:
    give_password(browsing)
    page = browsing.go("/sign-in/password/change/")
    assert_accessible(page, "sign-in-password")
    page = browsing.go("/profile/email/")
    page.get_by_label("New address").fill("m.novak@northwind.example")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Send the link").click()
    settle(page)
    expect(page.get_by_text("Waits to be confirmed")).to_be_visible()
    assert_accessible(page, "profile-email-waits")
    person = Person.objects.get(email=MAREK)
    page = browsing.go(urlsplit(letters.confirm_url(addresses._token(person))).path)
    assert_accessible(page, "profile-email-confirm")
    page.get_by_role("button", name="Use m.novak@northwind.example").click()
    settle(page)
    expect(page.get_by_text("E-mail address: m.novak@northwind.example")).to_be_visible()


def code(secret: str) -> str:
    """What an authenticator app shows now."""
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))
