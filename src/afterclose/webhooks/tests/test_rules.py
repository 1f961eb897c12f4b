"""When a delivery is tried again, what an answer means, and what is signed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import standardwebhooks
from hypothesis import given, strategies as st

from afterclose.webhooks import payload, rules, signing
from afterclose.webhooks.rules import Verdict

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_the_schedule_is_that_of_standard_webhooks():
    tries, at, instants = 0, AT, [timedelta(0)]
    while True:
        tries += 1
        after = rules.next_try(at=at, tries=tries, chance=0)
        if after is None:
            break
        instants.append(after - AT)
        at = after
    pauses = [later - earlier for earlier, later in pairwise(instants)]
    seconds, minutes, hours = 1, 60, 3600
    assert [pause.total_seconds() for pause in pauses] == [
        5 * seconds, 5 * minutes, 30 * minutes, 2 * hours, 5 * hours, 10 * hours, 14 * hours,
        20 * hours, 24 * hours,
    ]  # fmt: skip
    assert len(instants) == rules.TRIES == 10


@given(st.integers(1, 9), st.floats(0, 1))
def test_chance_makes_a_pause_longer_by_a_tenth_at_most(tries, chance):
    plain = rules.next_try(at=AT, tries=tries, chance=0)
    late = rules.next_try(at=AT, tries=tries, chance=chance)
    assert plain <= late <= plain + (plain - AT) * 0.11


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DELIVERED), (201, Verdict.DELIVERED), (204, Verdict.DELIVERED),
        (299, Verdict.DELIVERED), (301, Verdict.REFUSED), (302, Verdict.REFUSED),
        (304, Verdict.REFUSED), (400, Verdict.REFUSED), (401, Verdict.REFUSED),
        (404, Verdict.REFUSED), (408, Verdict.AWAY), (410, Verdict.GONE), (422, Verdict.REFUSED),
        (429, Verdict.AWAY), (500, Verdict.BROKEN), (501, Verdict.BROKEN),
        (502, Verdict.AWAY), (503, Verdict.AWAY),
        (504, Verdict.AWAY), (None, Verdict.AWAY),
    ],
)  # fmt: skip
def test_what_an_answer_means(status, verdict):
    assert rules.judge(status) is verdict


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0), ("", 0), ("120", 120), (" 7 ", 7), ("0", 0), ("-5", 0), ("soon", 0),
        ("Mon, 02 Mar 2026 09:32:00 GMT", 120), ("Mon, 02 Mar 2026 09:00:00 GMT", 0),
        ("999999999999999999", 24 * 3600), ("Fri, 01 Jan 2100 00:00:00 GMT", 24 * 3600),
        ("１２０", 0), ("Mon, 99 Mar 2026 99:00:00 GMT", 0),
    ],
)  # fmt: skip
def test_how_long_a_receiver_asks_us_to_wait(header, seconds):
    assert rules.asked_to_wait(header, at=AT) == timedelta(seconds=seconds)


@given(st.text(max_size=40))
def test_no_header_breaks_the_reading_of_it(header):
    assert timedelta(0) <= rules.asked_to_wait(header, at=AT) <= rules.LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("failures", "failing_for", "pause"),
    [
        (1, timedelta(0), timedelta(seconds=5)),
        (2, timedelta(seconds=5), timedelta(minutes=1)),
        (50, timedelta(minutes=179), timedelta(minutes=1)),
        (61, timedelta(hours=3), timedelta(minutes=5)),
        (200, timedelta(hours=23), timedelta(minutes=5)),
        (300, timedelta(days=1), timedelta(hours=1)),
    ],
)
def test_how_often_an_absent_receiver_is_called(failures, failing_for, pause):
    assert rules.next_knock(at=AT, failures=failures, since=AT - failing_for) == AT + pause


@given(st.binary(max_size=300), st.integers(1, 3))
def test_the_independent_library_verifies_what_we_sign_with_any_of_the_secrets(body, many):
    keys = [signing.new_secret() for _ in range(many)]
    now = datetime.now(UTC)
    headers = signing.headers(message_id="msg_1_2", at=now, body=body, keys=keys)
    for key in keys:
        hook = standardwebhooks.Webhook(key)
        stamp = datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=UTC)
        ours = headers["webhook-signature"].split()
        try:
            text = body.decode()
        except UnicodeDecodeError:
            continue
        assert hook.sign(msg_id="msg_1_2", timestamp=stamp, data=text) in ours


def test_a_secret_has_the_standard_form():
    secret = signing.new_secret()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert signing.new_secret() != secret


def test_details_that_sound_like_a_secret_never_leave():
    given = {"token": 1, "a": [{"Client_Secret": 2, "b": 3}], "api_key_hash": 4, "to": "active"}
    assert payload.without_secrets(given) == {"a": [{"b": 3}], "to": "active"}
