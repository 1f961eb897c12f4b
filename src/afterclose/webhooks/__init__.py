"""Outgoing webhooks: every recorded fact, signed, to addresses that the business chose (OP-9).

Owns: Endpoint, SigningSecret, Delivery, Attempt.
Reads: accounts (the facts).
Announces: webhook.disabled (an endpoint was switched off because it does not take anything).

A delivery is stored first, by a reaction to the fact, and sent afterwards by ``delivery``:
at least once, with the same id however often. ``signing`` and ``rules`` are pure.
"""
