"""What an ID token must be before it is believed (OpenID Connect Core 3.1.3.7)."""

from __future__ import annotations

from typing import Any

import jwt

from afterclose.businesses.single_sign_on.discovery import ALGORITHMS

# Between two clocks.
LEEWAY_SECONDS = 60
REQUIRED = ["iss", "sub", "aud", "exp", "iat"]


class NotBelieved(Exception):
    """The token is not a valid statement of the provider to us about this sign-in."""


def believed(
    token: str, *, keys: dict[str, Any], issuer: str, client_id: str, nonce: str
) -> dict[str, Any]:
    """The claims of a token that was signed by the provider's key, for us, for this sign-in.

    Raises NotBelieved. The signature is always checked, also where the specification lets one
    skip it, since the way to the provider may be plain http on one's own machine.
    """
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise NotBelieved(f"the signature is of the kind {header.get('alg')}")
        claims: dict[str, Any] = jwt.decode(
            token,
            key=_key(keys, header.get("kid")),
            algorithms=[header["alg"]],
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as problem:
        raise NotBelieved(str(problem)) from problem
    if claims.get("nonce") != nonce:
        raise NotBelieved("the nonce is not the one of this sign-in")
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    if (several or "azp" in claims) and claims.get("azp") != client_id:
        raise NotBelieved("the token is meant for another application")
    if not isinstance(claims["sub"], str) or not 1 <= len(claims["sub"]) <= 191:
        raise NotBelieved("the subject is no text of a fitting length")
    return claims


def _key(keys: dict[str, Any], key_id: Any) -> Any:
    """The key that the token names; without a name the only one."""
    found = [
        key
        for key in keys.get("keys", [])
        if isinstance(key, dict)
        and key.get("use", "sig") == "sig"
        and (key_id is None or key.get("kid") == key_id)
    ]
    if len(found) != 1:
        raise NotBelieved(f"the provider has {len(found)} keys “{key_id}”")
    return jwt.PyJWK(found[0]).key
