"""Keys by which programs use the API (OP-8): made, shown once, counted, revoked.

A key is a token of 238 random bits, of which only the SHA-256 is kept. It acts with a role of
its own, narrowed by scopes, and never above the person who made it.
"""
