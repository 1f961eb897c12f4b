"""What people, businesses and settings may hold; every message names its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from afterclose.businesses.models import Role, SignInProvider, Theme
from afterclose.businesses.settings import APPS, DEFAULTS, FEATURES, KEYS
from afterclose.kit import clock, texts
from afterclose.kit.currencies import EXPONENTS
from afterclose.kit.money import plain_decimal

LABELS = {
    "currency": "Currency",
    "time_zone": "Time zone",
    "locale": "Language and region",
    "renewal_uplift_percentage": "Renewal uplift",
    "renewal_reminder_days": "Reminder days",
    "renewal_window_days": "Renewal window",
    "at_risk_threshold": "At-risk threshold",
    "payment_terms_days": "Payment terms",
    "dunning_cadence_days": "Reminder cadence",
    "sent_mail_days": "Keep sent mails",
    "features_off": "Features that are switched off",
    "required_provider": "Required sign-in",
    "allowed_roles": "Allowed roles",
}

LOCALES = (
    ("en-us", "English (United States)"),
    ("en-gb", "English (United Kingdom)"),
    ("en-au", "English (Australia)"),
    ("en-ca", "English (Canada)"),
    ("de", "German formats"),
    ("fr", "French formats"),
    ("es", "Spanish formats"),
    ("nl", "Dutch formats"),
    ("sv", "Swedish formats"),
    ("ja", "Japanese formats"),
)

# Admins and super admins always work in every app.
CONFIGURABLE_ROLES = (Role.MEMBER.value, Role.MANAGER.value)

MOST_DAYS = 20  # in one list; more reminders than that nobody means


def label(key: str) -> str:
    """A setting's name as pages show it."""
    return LABELS.get(key, key.replace("_", " ").capitalize())


def clean_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Each setting as its type, or one ValidationError with every problem under its key."""
    cleaned: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for key, value in given.items():
        if key not in KEYS:
            problems[key] = f"There is no setting “{key}”. Settings are: {', '.join(KEYS)}."
            continue
        try:
            cleaned[key] = _SETTINGS[key](value)
        except (ValueError, TypeError) as problem:
            problems[key] = f"{label(key)}: {problem}"
    if problems:
        raise ValidationError(problems)
    return cleaned


def clean_business(given: Mapping[str, str]) -> dict[str, str]:
    """Name and country of a business."""
    name, country = texts.one_line(given["name"]), given["country"].strip().upper()
    problems = {}
    if not name or len(name) > 200:
        problems["name"] = "Name: enter 1 to 200 characters."
    if not (len(country) == 2 and country.isalpha() and country.isascii()):
        problems["country"] = (
            f"Country: “{country}” is not a country code. Use two letters such as US or DE."
        )
    if problems:
        raise ValidationError(problems)
    return {"name": name, "country": country}


def clean_profile(given: Mapping[str, str]) -> dict[str, str]:
    """A person's own settings; empty language and time zone follow the business."""
    rules: dict[str, Callable[[Any], Any]] = {
        "name": _short_name,
        "locale": lambda value: _locale(value) if value else "",
        "time_zone": lambda value: _time_zone(value) if value else "",
        "theme": lambda value: _one_of(value, Theme.values),
    }
    cleaned: dict[str, str] = {}
    problems: dict[str, str] = {}
    for key, value in given.items():
        try:
            cleaned[key] = rules[key](value)
        except ValueError as problem:
            problems[key] = f"{label(key)}: {problem}"
    if problems:
        raise ValidationError(problems)
    return cleaned


def clean_role(role: Role | str) -> Role:
    """A role from its value."""
    try:
        return Role(role)
    except ValueError:
        raise ValidationError(
            {"role": f"Role: “{role}” is none of {', '.join(Role.values)}."}
        ) from None


def clean_email(email: str) -> str:
    """An e-mail address in lower case."""
    email = email.strip().lower()
    try:
        EmailValidator()(email)
    except ValidationError:
        raise ValidationError({"email": f"E-mail: “{email}” is not an e-mail address."}) from None
    if len(email) > 254:
        raise ValidationError({"email": "E-mail: at most 254 characters."})
    return email


def day_list(value: Any) -> tuple[int, ...]:
    """Days from “90, 60, 30” or a list; distinct, 1 to 730."""
    parts = value.replace(",", " ").split() if isinstance(value, str) else list(value)
    days = []
    for part in parts:
        if not _is_count(part):
            raise ValueError(f"“{part}” is not a number of days. Write days such as 90, 60, 30.")
        days.append(_between(int(part), 1, 730))
    if not 1 <= len(days) <= MOST_DAYS:
        raise ValueError(f"enter 1 to {MOST_DAYS} numbers of days, such as 90, 60, 30.")
    if len(set(days)) != len(days):
        raise ValueError("each number of days only once.")
    return tuple(days)


def _is_count(value: Any) -> bool:
    text = str(value).strip()
    return not isinstance(value, bool) and text.isascii() and text.isdigit() and len(text) < 10


def _between(value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise ValueError(f"{value} is not between {low} and {high}.")
    return value


def _days(low: int, high: int) -> Callable[[Any], int]:
    def clean(value: Any) -> int:
        if not _is_count(value):
            raise ValueError(f"“{value}” is not a whole number of days.")
        return _between(int(value), low, high)

    return clean


def _decimal(low: int, high: int, places: int) -> Callable[[Any], Decimal]:
    def clean(value: Any) -> Decimal:
        number = plain_decimal(f"{value:f}" if isinstance(value, Decimal) else str(value).strip())
        if not low <= number <= high:
            raise ValueError(f"{value} is not between {low} and {high}.")
        if number != round(number, places):
            raise ValueError(f"at most {places} decimal places.")
        return number

    return clean


def _one_of(value: Any, choices: Any) -> Any:
    if value not in choices:
        raise ValueError(f"“{value}” is none of {', '.join(choices)}.")
    return value


def _short_name(value: str) -> str:
    value = texts.one_line(value)
    if not 1 <= len(value) <= 150:
        raise ValueError("enter 1 to 150 characters.")
    return value


def _currency(value: Any) -> str:
    code = str(value).strip().upper()
    if code not in EXPONENTS:
        raise ValueError(f"“{value}” is not an ISO 4217 code such as USD or EUR.")
    return code


def _time_zone(value: Any) -> str:
    return str(clock.zone(str(value)))


def _locale(value: Any) -> str:
    return str(_one_of(str(value).lower(), dict(LOCALES)))


def _features_off(value: Any) -> tuple[str, ...]:
    chosen = [value] if isinstance(value, str) else list(value)
    return tuple(
        feature for feature in FEATURES if feature in [_one_of(v, FEATURES) for v in chosen]
    )


def _provider(value: Any) -> str:
    slug = str(value)
    if slug and not SignInProvider.objects.filter(slug=slug, is_on=True).exists():
        raise ValueError(f"there is no way to sign in called “{slug}” that is on.")
    return slug


def _allowed_roles(value: Any) -> dict[str, list[str]]:
    cleaned = {}
    for app, roles in dict(value).items():
        _one_of(app, APPS)
        chosen = {_one_of(role, CONFIGURABLE_ROLES) for role in roles}
        cleaned[app] = [role for role in CONFIGURABLE_ROLES if role in chosen]
    return cleaned


_SETTINGS: dict[str, Callable[[Any], Any]] = {
    "currency": _currency,
    "time_zone": _time_zone,
    "locale": _locale,
    "renewal_uplift_percentage": _decimal(-100, 1000, 2),
    "renewal_reminder_days": lambda value: tuple(sorted(day_list(value), reverse=True)),
    "renewal_window_days": _days(1, 730),
    "at_risk_threshold": _decimal(0, 100, 1),
    "payment_terms_days": _days(0, 365),
    "dunning_cadence_days": lambda value: tuple(sorted(day_list(value))),
    # A week at least: a fact that is told again within it is known by the mail that is kept.
    "sent_mail_days": _days(7, 3650),
    "features_off": _features_off,
    "allowed_roles": _allowed_roles,
    "required_provider": _provider,
}

if missing := set(KEYS) - set(_SETTINGS):
    raise TypeError(f"Settings without a rule: {missing}; defaults {DEFAULTS}.")
