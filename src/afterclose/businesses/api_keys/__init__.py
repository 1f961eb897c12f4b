"""Keys by which programs use the API (OP-8): made, shown once, counted, revoked.

A key is a token of 238 random bits, of which only the SHA-256 is kept. It acts with a role of
its own, narrowed by scopes, and not above the person who makes it. It belongs to the business and
stays when that person leaves (docs/api.md).
"""
