"""A limit to what one request may carry, before any of it is kept.

Django writes the whole body of a request to the disk before a view can say that it is too much.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from afterclose.kit.problems import Problem

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MEGABYTE = 1024 * 1024


class BodyLimit:
    """An ASGI application that refuses requests of more than `most` bytes for another one: at
    once where a request says its length, else when that much has come."""

    def __init__(self, application: Application, *, most: int) -> None:
        self.application, self.most = application, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if _announced(scope) > self.most:
            await self._refuse(send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen <= self.most:
                return message
            await self._refuse(send)
            # Whoever waits for more is told that nobody is there any more, and stops.
            return {"type": "http.disconnect"}

        await self.application(scope, counted, send)

    async def _refuse(self, send: Send) -> None:
        problem = Problem(
            413,
            f"A request may have up to {self.most // MEGABYTE:,} MB. Send files one by one, or "
            "split them.",
            headers={"Connection": "close"},
        )
        answer = problem.response()
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.items()]
        await send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content})


def _announced(scope: Scope) -> int:
    """The length that a request says it has; 0 where it says none, or what is no length."""
    for name, value in scope.get("headers", ()):
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return 0
