"""A business's settings: typed, with defaults, one row per setting that was changed (CS-96)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction

from afterclose.businesses.models import Role, Setting
from afterclose.businesses.tenancy import business_context

if TYPE_CHECKING:
    from afterclose.businesses.permissions import Right

# Features that a business can switch off, and the app whose rights go with them.
FEATURES = ("renewals", "health")
# Apps whose allowed roles a business can set; the table of rights is the default.
APPS = ("home", "accounts", "segments", "health", "renewals", "tasks")


@dataclass(frozen=True, slots=True)
class BusinessSettings:
    """Every setting with its default; the field's type is the setting's type."""

    currency: str = "USD"
    time_zone: str = "UTC"
    locale: str = "en-us"
    renewal_uplift_percentage: Decimal = Decimal(5)
    renewal_reminder_days: tuple[int, ...] = (90, 60, 30, 14)
    renewal_window_days: int = 90
    at_risk_threshold: Decimal = Decimal(50)
    payment_terms_days: int = 30
    dunning_cadence_days: tuple[int, ...] = (7, 14, 30, 45)
    sent_mail_days: int = 90
    features_off: tuple[str, ...] = ()
    # Slug of the provider that members must sign in by; empty: any way will do.
    required_provider: str = ""
    # App to the roles below admin that work in it, for example {"accounts": ["member"]};
    # an app that is not named here has its defaults: managers only (CS-96).
    allowed_roles: dict[str, list[str]] = field(default_factory=dict)

    def is_on(self, right: Right) -> bool:
        """Whether the feature that the right belongs to is switched on."""
        return app_of(right) not in self.features_off

    def roles_of(self, app: str) -> tuple[Role, ...]:
        """The roles below admin that work in an app."""
        return tuple(Role(role) for role in self.allowed_roles.get(app, [Role.MANAGER]))


def app_of(right: Right) -> str:
    """The app that a right belongs to: the noun of its name."""
    return right.value.split(".")[0]


DEFAULTS = BusinessSettings()
KEYS = tuple(each.name for each in fields(BusinessSettings))


_remembered: ContextVar[dict[int, BusinessSettings] | None] = ContextVar(
    "afterclose_settings", default=None
)


@contextmanager
def remember_settings() -> Iterator[None]:
    """Read each business's settings once for the length of a request or job."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def settings_of(business_id: int) -> BusinessSettings:
    """The settings of a business; one query, remembered within ``remember_settings``."""
    remembered = _remembered.get()
    if remembered is not None and business_id in remembered:
        return remembered[business_id]
    with business_context(business_id), transaction.atomic():
        found = from_rows(dict(Setting.objects.values_list("key", "value")))
    if remembered is not None:
        remembered[business_id] = found
    return found


def from_rows(rows: dict[str, Any]) -> BusinessSettings:
    """Settings from stored JSON values; unknown keys are ignored, missing ones default."""
    return BusinessSettings(**{key: from_json(key, rows[key]) for key in KEYS if key in rows})


def from_json(key: str, value: Any) -> Any:
    """A stored JSON value as the setting's type."""
    default = getattr(DEFAULTS, key)
    if isinstance(default, Decimal):
        return Decimal(str(value))
    if isinstance(default, tuple):
        return tuple(value)
    return value


def to_json(value: Any) -> Any:
    """A setting's value as JSON can hold it; decimals as text, so that none is rounded."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return value


def forget(business_id: int) -> None:
    """Read the settings of a business anew, after a change."""
    remembered = _remembered.get()
    if remembered is not None:
        remembered.pop(business_id, None)
