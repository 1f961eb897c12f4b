"""Tags on the sample customers, set-wise once all of them are there.

A tag of the business's own of the same name serves, and stays when the sample data goes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from afterclose.accounts.tags.naming import key_of

# SQL of this file alone: ``_PUT`` joins no value of anybody's into it.
#: Name, tone, and which accounts have it.
_ON_ACCOUNTS = (
    ("Key account", "accent", "r.seats >= 150"),
    ("EMEA", "info", "r.country IN ('DE','FR','GB','IE','NL','SE','NO','DK','ES','IT','CH','AT')"),
    ("Reference customer", "good", "r.stage IN ('active','expanding') AND r.id %% 11 = 3"),
    ("Reports to procurement", "neutral", "r.id %% 7 = 2"),
    ("Invoice by post", "warn", "r.id %% 23 = 5"),
)
#: The same for contacts.
_ON_CONTACTS = (
    ("Speaker", "good", "r.is_champion AND r.id %% 3 = 0"),
    ("Newsletter", "neutral", "r.email <> '' AND r.id %% 4 = 1"),
)
_TAG = """
    INSERT INTO accounts_tag (business_id, name, key, tone, is_sample, created_at)
    VALUES (%(business)s, %(name)s, %(key)s, %(tone)s, true, %(at)s)
        ON CONFLICT (business_id, key) DO NOTHING
"""
_PUT = """
    INSERT INTO accounts_{noun}tag (business_id, {noun}_id, tag_id, at, by_id)
    SELECT %(business)s, r.id, t.id, %(at)s, %(by)s
      FROM accounts_{noun} r, accounts_tag t
     WHERE r.business_id = %(business)s AND r.is_sample AND ({condition})
       AND t.business_id = %(business)s AND t.key = %(key)s
     ORDER BY r.id
        ON CONFLICT (business_id, {noun}_id, tag_id) DO NOTHING
"""


def tag_samples(*, business_id: int, at: datetime, by_id: int | None) -> None:
    """Make the tags and put them; within the transaction of the set's last piece."""
    with connection.cursor() as cursor:
        for noun, tags in (("account", _ON_ACCOUNTS), ("contact", _ON_CONTACTS)):
            for name, tone, condition in tags:
                given: dict[str, Any] = {
                    "business": business_id,
                    "at": at,
                    "by": by_id,
                    "name": name,
                    "key": key_of(name),
                    "tone": tone,
                }
                cursor.execute(_TAG, given)
                cursor.execute(_PUT.format(noun=noun, condition=condition), given)
