"""The one table of rights: what each role may do (CS-96, FI-71).

A right is named ``noun.verb``. Faces name the right they need, actions check it again on
their first line; nothing else in the product compares roles.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from afterclose.businesses.models import Role
from afterclose.businesses.settings import APPS, BusinessSettings, app_of

if TYPE_CHECKING:
    from afterclose.businesses.actors import Actor


class Right(StrEnum):
    """Everything that may be allowed or refused."""

    HOME_VIEW = "home.view"
    ACCOUNTS_VIEW = "accounts.view"
    ACCOUNTS_EDIT = "accounts.edit"
    ACCOUNTS_IMPORT = "accounts.import"
    ACCOUNTS_EXPORT = "accounts.export"
    HEALTH_VIEW = "health.view"
    HEALTH_EDIT = "health.edit"
    RENEWALS_VIEW = "renewals.view"
    RENEWALS_EDIT = "renewals.edit"
    TASKS_VIEW = "tasks.view"
    TASKS_EDIT = "tasks.edit"
    SEGMENTS_VIEW = "segments.view"
    SEGMENTS_EDIT = "segments.edit"
    SETTINGS_EDIT = "settings.edit"
    PEOPLE_EDIT = "people.edit"
    SIGN_IN_EDIT = "sign_in.edit"
    AUDIT_VIEW = "audit.view"
    API_KEYS_EDIT = "api_keys.edit"
    SAMPLE_DATA = "sample_data.edit"
    OPS_VIEW = "ops.view"
    WEBHOOKS_EDIT = "webhooks.edit"


# Member has nothing by default: the seed ships the role disabled (CS-96). A business says per
# app which roles below admin work in it, through the setting ``allowed_roles``; whoever may,
# may there what managers may.
_MANAGER = frozenset(
    {
        Right.HOME_VIEW,
        Right.ACCOUNTS_VIEW,
        Right.ACCOUNTS_EDIT,
        Right.ACCOUNTS_IMPORT,
        Right.ACCOUNTS_EXPORT,
        Right.HEALTH_VIEW,
        Right.HEALTH_EDIT,
        Right.RENEWALS_VIEW,
        Right.RENEWALS_EDIT,
        Right.TASKS_VIEW,
        Right.TASKS_EDIT,
        Right.SEGMENTS_VIEW,
        Right.SEGMENTS_EDIT,
    }
)
_ADMIN = _MANAGER | {
    Right.SETTINGS_EDIT,
    Right.PEOPLE_EDIT,
    Right.AUDIT_VIEW,
    Right.API_KEYS_EDIT,
    Right.SAMPLE_DATA,
    Right.OPS_VIEW,
    Right.WEBHOOKS_EDIT,
}
TABLE: dict[Role, frozenset[Right]] = {
    Role.MEMBER: frozenset(),
    Role.MANAGER: _MANAGER,
    Role.ADMIN: _ADMIN,
    Role.SUPER_ADMIN: frozenset(Right),
}


def allows(role: Role, right: Right, settings: BusinessSettings) -> bool:
    """Whether a role has a right in a business with these settings."""
    if not settings.is_on(right):
        return False
    if role in (Role.ADMIN, Role.SUPER_ADMIN):
        return right in TABLE[role]
    app = app_of(right)
    if app in APPS:
        return role in settings.roles_of(app) and right in TABLE[Role.MANAGER]
    return right in TABLE[role]


def require(actor: Actor, right: Right) -> None:
    """Let pass whoever has the right; raises PermissionDenied (403) naming what is missing."""
    if not actor.may(right):
        those = "This key's role or areas do" if actor.grant else "Your role does"
        raise PermissionDenied(
            f"{those} not include “{right.value}”. Ask an admin of your business for it."
        )
