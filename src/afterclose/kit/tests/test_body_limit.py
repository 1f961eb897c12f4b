"""A request that carries too much is refused before it is kept. What is in it does not matter:
here it is so many x."""

import asyncio
import json
from itertools import repeat

from afterclose.kit.body_limit import MEGABYTE, BodyLimit


class Reader:
    """An application that reads whole bodies, and notes them."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.gone = 0

    async def __call__(self, scope, receive, send):
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone += 1
                return
            size += len(message["body"])
            if not message["more_body"]:
                break
        self.read.append(size)
        await send({"type": "http.response.start", "status": 200, "headers": []})


def ask(reader, chunks, *, length=None, most=10):
    """The messages that the client gets, and how many chunks were taken from it."""
    sent, taken = [], 0
    headers = [] if length is None else [(b"Content-Length", str(length).encode())]

    async def receive():
        nonlocal taken
        taken += 1
        body, more = next(chunks)
        return {"type": "http.request", "body": body, "more_body": more}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "headers": headers}
    asyncio.run(BodyLimit(reader, most=most)(scope, receive, send))
    return sent, taken


def test_what_says_that_it_is_too_large_is_refused_before_any_of_it_is_read():
    reader = Reader()
    sent, taken = ask(reader, iter([(b"x" * 11, False)]), length=11)
    assert [message.get("status") for message in sent] == [413, None]
    assert (taken, reader.read) == (0, [])


def test_what_does_not_say_its_length_is_cut_when_it_is_too_much():
    reader = Reader()
    endless = repeat((b"xxxx", True))
    sent, taken = ask(reader, endless)
    assert sent[0]["status"] == 413
    assert (taken, reader.read, reader.gone) == (3, [], 1)


def test_what_lies_about_its_length_is_cut_too():
    reader = Reader()
    sent, taken = ask(reader, repeat((b"xxxx", True)), length=4)
    assert (sent[0]["status"], taken) == (413, 3)


def test_what_fits_exactly_is_answered():
    reader = Reader()
    sent, _ = ask(reader, iter([(b"xxxxx", True), (b"xxxxx", False)]), length=10)
    assert (sent[0]["status"], reader.read) == (200, [10])


def test_the_answer_says_how_much_may_come():
    sent, _ = ask(Reader(), iter([]), length=3 * MEGABYTE, most=2 * MEGABYTE)
    problem = json.loads(sent[1]["body"])
    assert (problem["status"], problem["code"]) == (413, "content_too_large")
    assert problem["detail"].startswith("A request may have up to 2 MB.")
