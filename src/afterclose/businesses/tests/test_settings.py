"""Settings are typed, checked, audited, and hold at once."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.businesses import actions
from afterclose.businesses.jobs import JOBS
from afterclose.businesses.models import AuditEntry, Setting
from afterclose.businesses.permissions import Right
from afterclose.businesses.settings import (
    DEFAULTS,
    KEYS,
    from_json,
    remember_settings,
    settings_of,
    to_json,
)
from tests.cast import Cast
from tests.factories import MORNING


def change(cast: Cast, **changes: Any) -> Any:
    return actions.change_settings(actor=cast.admin, at=MORNING, changes=changes)


def test_a_change_holds_at_once_even_where_settings_are_remembered(at_work: Cast) -> None:
    with remember_settings():
        assert settings_of(at_work.business.id).at_risk_threshold == 50
        change(at_work, at_risk_threshold="62.5", renewal_reminder_days="30, 90,60")
        now = settings_of(at_work.business.id)
    assert now.at_risk_threshold == Decimal("62.5")
    assert now.renewal_reminder_days == (90, 60, 30)


def test_only_what_differs_is_stored_and_audited(at_work: Cast) -> None:
    change(at_work, payment_terms_days=30, currency="eur")
    assert list(Setting.objects.values_list("key", flat=True)) == ["currency"]
    entry = AuditEntry.objects.get(verb="settings.changed")
    assert entry.changes == {"currency": ["USD", "EUR"]}
    change(at_work, currency="EUR")
    assert AuditEntry.objects.filter(verb="settings.changed").count() == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("currency", "XXY"),
        ("time_zone", "Mars/Olympus"),
        ("locale", "klingon"),
        ("renewal_uplift_percentage", "five"),
        ("renewal_uplift_percentage", "NaN"),
        ("renewal_uplift_percentage", "1e9"),
        ("renewal_reminder_days", "90, soon"),
        ("renewal_reminder_days", ""),
        ("renewal_reminder_days", "30, 30"),
        ("renewal_reminder_days", "0"),
        ("renewal_window_days", "-1"),
        ("at_risk_threshold", "101"),
        ("at_risk_threshold", "50.55"),
        ("payment_terms_days", "1.5"),
        ("dunning_cadence_days", "999999"),
        ("features_off", ["flying"]),
        ("allowed_roles", {"accounts": ["king"]}),
        ("allowed_roles", {"nuclear": ["member"]}),
        ("colour", "red"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_nothing_is_written(
    at_work: Cast, key: str, value: Any
) -> None:
    with pytest.raises(ValidationError) as refusal:
        change(at_work, **{"payment_terms_days": 14, key: value})
    assert set(refusal.value.message_dict) == {key}
    assert not Setting.objects.exists()


@pytest.mark.parametrize("key", KEYS)
def test_every_default_survives_storage(key: str) -> None:
    value = getattr(DEFAULTS, key)
    assert from_json(key, to_json(value)) == value


def test_a_manager_cannot_change_settings(at_work: Cast) -> None:
    with pytest.raises(PermissionDenied):
        actions.change_settings(actor=at_work.manager, at=MORNING, changes={"currency": "EUR"})


def test_a_feature_that_is_off_is_off_for_everybody(at_work: Cast) -> None:
    change(at_work, features_off=["health"])
    assert not at_work.owner.may(Right.HEALTH_VIEW)
    assert at_work.manager.may(Right.RENEWALS_VIEW)


def test_a_business_says_per_app_who_works_in_it(at_work: Cast) -> None:
    assert not at_work.member.may(Right.ACCOUNTS_VIEW)
    assert at_work.manager.may(Right.ACCOUNTS_VIEW)
    change(at_work, allowed_roles={"accounts": ["member"], "health": []})
    assert at_work.member.may(Right.ACCOUNTS_VIEW)
    assert at_work.member.may(Right.ACCOUNTS_EDIT)
    assert not at_work.member.may(Right.SETTINGS_EDIT)
    assert not at_work.manager.may(Right.ACCOUNTS_VIEW)
    assert not at_work.manager.may(Right.HEALTH_VIEW)
    assert at_work.manager.may(Right.RENEWALS_VIEW)
    assert at_work.admin.may(Right.ACCOUNTS_VIEW)


def test_nobody_can_be_let_into_the_settings_by_a_setting(at_work: Cast) -> None:
    with pytest.raises(ValidationError):
        change(at_work, allowed_roles={"settings": ["member"]})
    with pytest.raises(ValidationError):
        change(at_work, allowed_roles={"accounts": ["admin"]})


def test_the_nightly_work_of_a_feature_that_is_off_rests(cast: Cast) -> None:
    nightly = JOBS["health.take_snapshots_of_business"]
    with cast.at_work():
        change(cast, features_off=["health"])
        queued = ProcrastinateJob.objects.count()
    nightly(cast.business.id)
    assert ProcrastinateJob.objects.count() == queued
    with cast.at_work():
        change(cast, features_off=[])
    nightly(cast.business.id)
    assert ProcrastinateJob.objects.count() > queued
