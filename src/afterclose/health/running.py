"""A whole business at once, in this process or in several: what the command and the bench call."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from django.db import connection, connections, transaction

from afterclose.businesses import actors
from afterclose.businesses.actors import Actor
from afterclose.businesses.settings import remember_settings
from afterclose.businesses.tenancy import business_context
from afterclose.health import actions
from afterclose.health.actions import Taken
from afterclose.health.jobs import ACTOR
from afterclose.health.models import RunPart
from afterclose.kit import clock


@dataclass(frozen=True, slots=True)
class _Days:
    """A range of accounts over days, both included."""

    first_account_id: int
    last_account_id: int
    begin: date
    end: date


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of today's run."""

    part_id: int


def take(
    *,
    business_id: int,
    at: datetime,
    begin: date | None = None,
    end: date | None = None,
    account_id: int | None = None,
    processes: int = 1,
) -> Taken:
    """Take snapshots from `begin` to `end` (both included; today unless told).

    All accounts, or one; ranges of accounts are shared out over the processes. Raises
    FutureDayError, and ValueError for days in the wrong order or an unknown account.
    """
    with business_context(business_id), remember_settings():
        actor = actors.system(business_id, ACTOR)
        today = clock.today_in(actor.settings.time_zone, at=at)
        begin, end = begin or today, end or today
        if begin > end:
            raise ValueError(f"The first day, {begin}, is after the last, {end}.")
        if begin == end == today and account_id is None:
            return _take_today(actor, at, today, processes)
        with transaction.atomic():
            ranges = actions.account_ranges() if account_id is None else [(account_id, account_id)]
        work = [_Days(first, last, begin, end) for first, last in ranges]
        done = _share(business_id, at, work, processes)
        actions.total_days(actor=actor, begin=begin, end=end)
        actions.keep_comparisons(actor=actor)
    if account_id is not None and not done.accounts:
        raise ValueError(f"There is no account {account_id} that was a customer then.")
    return done


def _take_today(actor: Actor, at: datetime, today: date, processes: int) -> Taken:
    run = actions.begin_run(actor=actor, at=at, on=today, redo_before=at)
    with transaction.atomic():
        due = RunPart.objects.filter(run=run, done_at__isnull=True).order_by("first_account_id")
        work = [_Part(part_id) for part_id in due.values_list("id", flat=True)]
    done = _share(actor.business_id, at, work, processes)
    actions.finish_run(actor=actor, at=at, run_id=run.pk)
    return done


def _share(business_id: int, at: datetime, work: Sequence[_Days | _Part], processes: int) -> Taken:
    """Do the work here, or in processes that are forked from this one."""
    began = time.monotonic()
    if processes < 2 or len(work) < 2:
        return _sum(_do(business_id, at, began, piece) for piece in work)
    # A connection belongs to one process: none is open when they fork.
    connections.close_all()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
        return _sum(pool.map(partial(_do, business_id, at, began), work))


def _do(business_id: int, at: datetime, began: float, piece: _Days | _Part) -> Taken:
    # A million accounts take a while: what is done now is not done at the beginning.
    at += timedelta(seconds=time.monotonic() - began)
    with business_context(business_id), remember_settings():
        actor = actors.system(business_id, ACTOR)
        if isinstance(piece, _Part):
            return actions.take_part(actor=actor, at=at, part_id=piece.part_id)
        return actions.take_days(
            actor=actor,
            at=at,
            begin=piece.begin,
            end=piece.end,
            first_account_id=piece.first_account_id,
            last_account_id=piece.last_account_id,
        )


def _sum(parts: Iterable[Taken]) -> Taken:
    accounts = flagged = 0
    for part in parts:
        accounts += part.accounts
        flagged += part.flagged
    return Taken(accounts, flagged)
