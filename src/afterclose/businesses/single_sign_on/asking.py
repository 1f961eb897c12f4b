"""Asking a provider: in time, without redirects, and no more of the answer than anybody needs."""

from __future__ import annotations

import io
import time
from typing import Any, override

import requests
from urllib3.exceptions import HTTPError

#: For each wait, and for the whole of an answer.
SECONDS, SECONDS_IN_ALL = 5, 10
MOST_BYTES = 256 * 1024


class TooMuch(requests.RequestException):
    """The answer is longer, or takes longer, than one of a provider does."""


class ProviderSession(requests.Session):
    """What every question to a provider goes through: its description, keys, tokens, people.

    It holds a web process meanwhile, and who runs the provider is not always who runs the site.
    """

    @override
    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As in requests; raises RequestException for whatever goes wrong on the way."""
        ends = time.monotonic() + SECONDS_IN_ALL
        kwargs = {"timeout": SECONDS, **kwargs, "stream": True, "allow_redirects": False}
        with super().request(*args, **kwargs) as answer:
            body = _read(answer, ends)
        answer.raw = io.BytesIO(body)
        return answer


def _read(answer: requests.Response, ends: float) -> bytes:
    body = b""
    while len(body) <= MOST_BYTES and time.monotonic() < ends:
        try:
            part = answer.raw.read1(MOST_BYTES, decode_content=True)
        except (HTTPError, OSError) as problem:
            # The raw body breaks off in urllib3's words, which nobody above knows.
            raise requests.ConnectionError(str(problem), response=answer) from problem
        if not part:
            return body
        body += part
    raise TooMuch("The answer is too long.", response=answer)
