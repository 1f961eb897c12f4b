"""A small OpenID Connect provider of the tests' own, in a thread: code flow, PKCE, RS256.

It signs in at once whoever ``person`` says; ``bend`` changes the ID token before it is signed, so
that each check of ours can be tried.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from afterclose.businesses.models import Person

CLIENT_ID, CLIENT_SECRET = "afterclose-tests", "only-for-tests"
Claims = dict[str, Any]


@dataclass
class Provider:
    """What runs: its address, whom it signs in, what it was asked."""

    issuer: str = ""
    person: Claims = field(
        default_factory=lambda: {
            "sub": "marek-1",
            "email": "marek@northwind.example",
            "email_verified": True,
            "name": "Marek Novak",
        }
    )
    bend: Callable[[Claims], Claims] = lambda claims: claims
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    signing_key: Any = None
    algorithm: str = "RS256"
    description: Claims = field(default_factory=dict)
    userinfo: Claims | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    error: str = ""

    def discovery(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            **self.description,
        }

    def jwks(self) -> Claims:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent."""
        assert query["client_id"] == CLIENT_ID
        assert query["response_type"] == "code"
        assert "openid" in query["scope"].split()
        if self.error:
            answer = {"error": self.error, "state": query["state"]}
        else:
            code = secrets.token_urlsafe()
            self.codes[code] = query
            answer = {"code": code, "state": query["state"]}
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str]) -> tuple[int, Claims]:
        query = self.codes.pop(form.get("code", ""), None)
        if query is None:
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        ).rstrip(b"=")
        is_right = (
            form.get("client_id") == CLIENT_ID
            and form.get("client_secret") == CLIENT_SECRET
            and form.get("redirect_uri") == query["redirect_uri"]
            and query["code_challenge_method"] == "S256"
            and query["code_challenge"] == challenge.decode()
        )
        if not is_right:
            return 401, {"error": "invalid_client"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": query["nonce"],
            **self.person,
        }
        signed = jwt.encode(
            self.bend(claims),
            self.signing_key or self.key,
            algorithm=self.algorithm,
            headers={"kid": "one"},
        )
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}


@contextmanager
def running() -> Iterator[Provider]:
    """The provider on a free port of this machine."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            if parts.path == "/.well-known/openid-configuration":
                self.answer(200, provider.discovery())
            elif parts.path == "/jwks":
                self.answer(200, provider.jwks())
            elif parts.path == "/userinfo":
                self.answer(200, provider.userinfo or {})
            elif parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {key: values[0] for key, values in parse_qs(body).items()}
            self.answer(*provider.token(form))

        def answer(self, status: int, body: Claims) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def values(there: Provider, **changed: Any) -> Claims:
    """What an operator enters for it."""
    return {
        "name": "Okta",
        "issuer": there.issuer,
        "client_id": CLIENT_ID,
        "trusts_email": False,
        "domains": [],
        "is_on": True,
        **changed,
    }


def go(client: Client, address: str = "/sign-in/oidc/okta/login/") -> Any:
    """The whole round: to the provider, which answers at once, and back."""
    leaving = client.get(address)
    assert leaving.status_code == 302, leaving.content[:200]
    there = requests.get(leaving["Location"], allow_redirects=False, timeout=5)
    assert there.status_code == 302
    back = urlsplit(there.headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def person_of(client: Client) -> Person:
    return Person.objects.get(id=client.session["_auth_user_id"])
