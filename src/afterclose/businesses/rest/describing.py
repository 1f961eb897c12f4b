"""Completing the OpenAPI document with what all operations share, and reading it for people."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

from afterclose.businesses.api_keys.scopes import SCOPES, label
from afterclose.kit.problems import CODES, MEDIA_TYPE

INTRODUCTION = """\
Read and write what Afterclose knows, by the same rules as its pages.

**Keys.** Send `Authorization: Bearer ac_live_…`. Admins make keys under Settings; a key has a
role and scopes, and sees one business only.

**Lists** answer `items` and `next_cursor`; send it as `cursor` for the next page. Filters, search
and order are those of the same list on the screen.

**Changing what you have read.** GET of one thing answers an `ETag`. Send it as `If-Match` with
PUT or PATCH and the change is refused (412) when somebody was faster; as `If-None-Match` with
GET, and 304 says that nothing changed. `If-None-Match: *` with PUT only creates.

**Repeating safely.** Send an `Idempotency-Key` (1 to 255 visible ASCII characters, such as a
UUID) with POST. Within 24 hours the same key gets the same answer (with `Idempotent-Replayed:
true`) and no second effect, 409 while the first request runs, and 422 when the request differs.

**Errors** are `application/problem+json` with `detail` for people, `code` for programs and
`errors` per field. 422 is a request that can never succeed, 409 one that does not fit what is
there now.

**Limits.** The headers `RateLimit-Policy` and `RateLimit` say how many requests are left; 429
comes with `Retry-After`.
"""

EXAMPLES: dict[int, str] = {
    400: "The request could not be understood.",
    401: "Send a valid API key as “Authorization: Bearer ac_live_…”.",
    403: "Your role does not include “accounts.edit”. Ask an admin of your business for it.",
    404: "There is nothing here that this key may see.",
    406: "Answers are application/json; send “Accept: application/json”.",
    409: "Another one has this external id already.",
    412: "Somebody changed it since you read it. Read it again, then decide about your change.",
    413: "The body is larger than 5 MB. Send less at once.",
    415: "Send the body as “Content-Type: application/json”.",
    422: "Some fields are not as they have to be.",
    429: "This key has made its requests of this minute. Go on in 12 seconds.",
    500: "Something went wrong on our side. It has been logged, nothing was saved.",
    503: "The database does not answer. Try again.",
}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with security, problems, headers and parameters that operations refer to."""
    document["servers"] = [{"url": "/"}]
    document["security"] = [{"key": []}]
    parts = document["components"]
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": _scopes()}
    }
    parts["schemas"]["Problem"] = PROBLEM
    parts["responses"] = {f"Problem{status}": _problem(status) for status in EXAMPLES}
    parts["headers"] = HEADERS
    parts["parameters"] = PARAMETERS
    return document


def _scopes() -> str:
    named = "; ".join(f"`{scope}` ({label(scope)})" for scope in SCOPES)
    return f"An API key. Its scopes: {named}."


PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened and what to do, for a person."},
        "code": {"type": "string", "enum": sorted(CODES.values())},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                "required": ["field", "message"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code"],
    "additionalProperties": False,
}
TAG = '"5f2b1c0e9a7d4c3b8e6f1a2d3c4b5a69"'
HEADERS: dict[str, Any] = {
    "RateLimit": {
        "description": "Requests that are left, and seconds until there are more.",
        "schema": {"type": "string", "example": '"minute";r=1199;t=42'},
    },
    "ETag": {
        "description": "What this version is called, for If-Match and If-None-Match.",
        "schema": {"type": "string", "example": TAG},
    },
    "IdempotentReplayed": {
        "description": "Present when this is the kept answer to the first request with this key.",
        "schema": {"type": "string", "const": "true"},
    },
}
PARAMETERS: dict[str, Any] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "Makes repeats of this request safe for 24 hours: the same key (a new UUID for each "
            "request) with the same request gets the same answer and has no second effect. "
            "409 while the first request runs, 422 when the key came with another request or is "
            "not 1 to 255 visible ASCII characters."
        ),
        # No example: who sends that one with two requests is refused, programs that test too.
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": (
            f"The ETag that you read, such as {TAG} (several with commas, or * for any): changes "
            "only that version. 412 when somebody changed it since, or when there is nothing."
        ),
        "schema": {"type": "string"},
        "example": "*",
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag that you have: 304 without a body when it is still that one.",
        "schema": {"type": "string"},
        "example": TAG,
    },
    "IfNothingThere": {
        "name": "If-None-Match",
        "in": "header",
        "description": "Send * to create only: 412 when it is there already, and nothing changes.",
        "schema": {"type": "string"},
        "example": "*",
    },
}


def _problem(status: int) -> dict[str, Any]:
    example: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": EXAMPLES[status],
        "code": CODES[status],
    }
    if status == 422:
        example["errors"] = [
            {"field": "name", "message": "String should have at least 1 character"}
        ]
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
    }


def _pretty(example: Any) -> str:
    return "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)


_MARK = re.compile(r"\*\*(?P<strong>.+?)\*\*|`(?P<code>.+?)`")


def paragraphs(text: str) -> list[list[dict[str, str]]]:
    """The little Markdown of our own descriptions (bold, code, paragraphs) in parts."""
    found = []
    for block in (" ".join(each.split()) for each in text.split("\n\n")):
        parts: list[dict[str, str]] = []
        at = 0
        for match in _MARK.finditer(block):
            kind = match.lastgroup or ""
            parts.append({"kind": "", "text": block[at : match.start()]})
            parts.append({"kind": kind, "text": match[kind]})
            at = match.end()
        found.append([*parts, {"kind": "", "text": block[at:]}])
    return found


def groups(document: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The operations for a page, by tag."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["Other"])[0]
            found.setdefault(tag, []).append(_shown(path, method, operation, document))
    return list(found.items())


def _shown(
    path: str, method: str, operation: dict[str, Any], document: dict[str, Any]
) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    nothing: tuple[str, dict[str, Any]] = ("", {})
    media, body = next(iter(content.items()), nothing)
    good = next(code for code in operation["responses"] if code.startswith("2"))
    answer = operation["responses"][good].get("content", {}).get("application/json", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "texts": paragraphs(operation.get("description", "")),
        "parameters": [
            {
                "name": each["name"],
                "where": each["in"],
                "text": each.get("description", ""),
                "type": _type(each["schema"], document),
            }
            for each in (_resolved(each, document) for each in operation["parameters"])
        ],
        "media": media,
        "fields": _fields(body.get("schema", {}), document),
        "takes": _pretty(body.get("example")),
        "status": good,
        "answers": _pretty(answer.get("example")),
        "others": [code for code in operation["responses"] if code != good],
    }


def _fields(schema: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    schema = _resolved(schema, document)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "type": _type(field, document),
            "required": name in required,
            "text": field.get("description", ""),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        _, _, kind, name = schema["$ref"].split("/")
        found: dict[str, Any] = document["components"][kind][name]
        return found
    return schema


def _type(schema: dict[str, Any], document: dict[str, Any]) -> str:
    schema = _resolved(schema, document)
    if "anyOf" in schema or "allOf" in schema:
        kinds = schema.get("anyOf") or schema["allOf"]
        return " or ".join(dict.fromkeys(_type(each, document) for each in kinds))
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        values = [str(value) for value in schema["enum"]]
        return ", ".join(values[:12]) + ("…" if len(values) > 12 else "")
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_type(schema.get('items', {}), document)}"
    if "maxLength" in schema:
        return f"text, at most {schema['maxLength']:,} characters"
    if kind == "string":
        return str(schema.get("format", "text"))
    return "whole number" if kind == "integer" else kind
