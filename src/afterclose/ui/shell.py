"""What the frame around every page needs, and what the apps above provide for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from afterclose.ui import navigation

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"
NARROW_COOKIE = "navigation"


@dataclass(frozen=True, slots=True)
class Choice:
    """A business that the person can switch to (`url` takes a POST)."""

    label: str
    url: str
    current: bool = False


def _allowed_by_viewer(request: HttpRequest, entry: navigation.Entry | navigation.Create) -> bool:
    viewer = getattr(request, "viewer", None)
    return entry.right is None or (viewer is not None and viewer.may(entry.right))


def _no_choices(request: HttpRequest) -> Sequence[Choice]:
    return ()


@dataclass(slots=True)
class _Provided:
    allowed: Callable[[HttpRequest, navigation.Entry | navigation.Create], bool]
    switcher: Callable[[HttpRequest], Sequence[Choice]]
    inbox_url_name: str | None = None
    badge_url_name: str | None = None


_provided = _Provided(allowed=_allowed_by_viewer, switcher=_no_choices)


def provide(
    *,
    allowed: Callable[[HttpRequest, navigation.Entry | navigation.Create], bool] | None = None,
    switcher: Callable[[HttpRequest], Sequence[Choice]] | None = None,
    inbox_url_name: str | None = None,
    badge_url_name: str | None = None,
) -> None:
    """Tell the shell how to ask; what is not given stays as it is.

    `allowed`: may this request's person see the entry. `switcher`: the businesses to switch to.
    `inbox_url_name`: the notifications page. `badge_url_name`: answers the unread number as text.
    """
    _provided.allowed = allowed or _provided.allowed
    _provided.switcher = switcher or _provided.switcher
    _provided.inbox_url_name = inbox_url_name or _provided.inbox_url_name
    _provided.badge_url_name = badge_url_name or _provided.badge_url_name


def allowed_for(request: HttpRequest) -> navigation.Allowed:
    """The predicate of this request for navigation and search."""
    return partial(_provided.allowed, request)


def theme_of(request: HttpRequest) -> str:
    """The theme that the person chose: on this device by cookie, else in their profile."""
    profile = str(getattr(getattr(request, "user", None), "theme", "system"))
    chosen = request.COOKIES.get(THEME_COOKIE, profile)
    return chosen if chosen in THEMES else "system"


def _url(name: str | None) -> str | None:
    if name is None:
        return None
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


class Shell:
    """The frame of one request; everything is worked out only when the template asks."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def theme(self) -> str:
        """system, light or dark."""
        return theme_of(self._request)

    @cached_property
    def narrow(self) -> bool:
        """Whether the person collapsed the navigation to its icons."""
        return self._request.COOKIES.get(NARROW_COOKIE) == "narrow"

    @cached_property
    def signed_in(self) -> bool:
        """Whether a person is signed in."""
        user = getattr(self._request, "user", None)
        return bool(user is not None and user.is_authenticated)

    @cached_property
    def person(self) -> str:
        """The person's name as others see it."""
        viewer = getattr(self._request, "viewer", None)
        return str(getattr(viewer, "name", "") or getattr(self._request, "user", ""))

    @cached_property
    def email(self) -> str:
        """The person's address."""
        return str(getattr(getattr(self._request, "user", None), "email", "") or "")

    @cached_property
    def business(self) -> str:
        """The name of the business."""
        return str(getattr(getattr(self._request, "business", None), "name", "") or "Afterclose")

    @cached_property
    def sections(self) -> tuple[navigation.Section, ...]:
        """The left navigation."""
        if not self.signed_in:
            return ()
        return navigation.sections(allowed_for(self._request), self._request.path)

    @cached_property
    def creates(self) -> tuple[navigation.Link, ...]:
        """The create menu."""
        return navigation.creates(allowed_for(self._request)) if self.signed_in else ()

    @cached_property
    def choices(self) -> Sequence[Choice]:
        """The businesses to switch to."""
        return _provided.switcher(self._request) if self.signed_in else ()

    @cached_property
    def inbox_url(self) -> str | None:
        """The notifications page, where there is one."""
        return _url(_provided.inbox_url_name)

    @cached_property
    def badge_url(self) -> str | None:
        """Where the bell asks for its number."""
        return _url(_provided.badge_url_name)

    @cached_property
    def search_url(self) -> str | None:
        """The search page behind Ctrl-K."""
        return _url("ui:search")

    @cached_property
    def profile_url(self) -> str | None:
        """The person's own settings."""
        return _url("businesses:profile")

    @cached_property
    def security_url(self) -> str | None:
        """Two-factor settings, where allauth's MFA is installed."""
        return _url("mfa_index")

    @cached_property
    def password_url(self) -> str | None:
        """Change of password."""
        return _url("account_change_password")

    @cached_property
    def email_url(self) -> str | None:
        """Change of one's e-mail address."""
        return _url("businesses:email")

    @cached_property
    def sign_out_url(self) -> str | None:
        """Takes a POST."""
        return _url("account_logout")

    @cached_property
    def sign_in_url(self) -> str | None:
        """The sign-in page."""
        return _url("account_login")

    @property
    def home_url(self) -> str:
        """Where the mark in the corner leads."""
        return str(getattr(settings, "LOGIN_REDIRECT_URL", "/") or "/")
