"""A provider's own description of itself, read and checked before anybody relies on it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests

from afterclose.businesses.single_sign_on.asking import ProviderSession, TooMuch

WELL_KNOWN = "/.well-known/openid-configuration"
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
# Signatures that only the holder of a private key can make; never "none", never a shared secret.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotAProvider(ValueError):
    """The address is not one of an OpenID Connect provider; the message says what is wrong."""


def issuer_of(address: str) -> str:
    """The issuer, from itself or from the address of its discovery document."""
    return address.strip().removesuffix("/").removesuffix(WELL_KNOWN)


def require_safe(address: str, *, allow_http: bool) -> None:
    """Raises NotAProvider unless the address is https; http may be enough on one's own machine."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotAProvider(f"“{address}” is not a web address such as https://login.example.com.")
    if parts.username or parts.password:
        raise NotAProvider("The address must not contain a user name or password.")
    if parts.scheme == "http" and not allow_http and parts.hostname not in LOOPBACK:
        raise NotAProvider(f"{address} is not encrypted. Use https, or http on this machine alone.")


def read(address: str, *, allow_http: bool = False) -> dict[str, Any]:
    """The discovery document; raises NotAProvider. Asks the network: not inside a transaction."""
    issuer = issuer_of(address)
    require_safe(issuer, allow_http=allow_http)
    found = _json(f"{issuer}{WELL_KNOWN}")
    missing = [key for key in NEEDED if not isinstance(found.get(key), str)]
    if missing:
        raise NotAProvider(f"The description at {issuer} lacks {', '.join(missing)}.")
    if found["issuer"].rstrip("/") != issuer.rstrip("/"):
        # OpenID Connect Discovery 4.3: else one provider could answer for another.
        raise NotAProvider(f"{issuer} says that it is {found['issuer']}. Enter that address.")
    for key in NEEDED:
        require_safe(found[key], allow_http=allow_http)
    return found


def _json(url: str) -> dict[str, Any]:
    found = None
    try:
        with ProviderSession() as session:
            answer = session.get(url)
        if answer.status_code != 200:
            raise NotAProvider(f"{url} answers {answer.status_code} instead of a description.")
        found = answer.json()
    except (TooMuch, requests.JSONDecodeError):
        pass
    except requests.RequestException as problem:
        raise NotAProvider(f"{url} does not answer ({type(problem).__name__}).") from problem
    if not isinstance(found, dict):
        raise NotAProvider(f"{url} answers something that is no description of a provider.")
    return found
