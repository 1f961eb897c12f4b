"""A merge and the nightly run do not cross: no snapshot is left without its account (CS-11)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from afterclose.accounts.merging.actions import merge_accounts, undo_merge
from afterclose.accounts.models import Account
from afterclose.health import staging
from afterclose.health.actions import RANGE
from afterclose.health.models import Snapshot
from tests.factories import MORNING


def merge(cast: Any) -> Any:
    return merge_accounts(
        actor=cast.manager, at=MORNING, winner_id=cast.acme.id, loser_id=cast.birch.id
    )


def impatient(act: Any, cast: Any, *rest: Any) -> None:
    """Do something that must not wait for anybody."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
        act(cast, *rest)


def test_a_merge_and_its_undo_wait_for_whoever_scores_one_of_the_accounts(at_work):
    nightly = connection.copy()
    nightly.set_autocommit(False)
    try:
        with nightly.cursor() as cursor:
            staging.lock(cursor, at_work.business.id, at_work.birch.id // RANGE)
        with pytest.raises(OperationalError, match="lock timeout"):
            impatient(merge, at_work)
        assert Account.objects.filter(id=at_work.birch.id).exists()
        nightly.rollback()
        done = merge(at_work)
        with nightly.cursor() as cursor:
            # The merge of this test has not committed, so another run waits for it in turn.
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                staging.lock(cursor, at_work.business.id, at_work.birch.id // RANGE)
        nightly.rollback()
        undo_merge(actor=at_work.manager, at=MORNING, merge_id=done.id)
    finally:
        nightly.close()
    assert Account.objects.filter(id=at_work.birch.id).exists()


def test_the_scores_are_locked_before_any_row_so_that_nobody_waits_crosswise(at_work):
    with CaptureQueriesContext(connection) as queries:
        merge(at_work)
    said = [each["sql"] for each in queries]
    scores = next(place for place, sql in enumerate(said) if "health:" in sql)
    rows = next(place for place, sql in enumerate(said) if "FOR UPDATE" in sql)
    assert scores < rows
    orphans = Snapshot.objects.exclude(account_id__in=Account.objects.values("id"))
    assert not orphans.exists()
