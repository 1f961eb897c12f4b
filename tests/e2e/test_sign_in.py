"""Signing in, in a real browser, under the strict security policy."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from playwright.sync_api import expect

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
    page.locator("#id_name").fill("Laptop")
    page.locator("#id_passwordless").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: "webauthn/add" not in url)
    settle(page)
    browsing.go("/")
    sign_out(browsing)
    browsing.go("/sign-in/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    expect(page.get_by_role("button", name=re.compile("Your menu"))).to_be_visible()


def code(secret: str) -> str:
    """What an authenticator app shows now."""
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))
