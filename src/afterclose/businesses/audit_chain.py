"""Seals the entries of the audit log into a hash chain per business, and looks whether it holds.

Entries are written freely by many transactions at once; a job seals those that are committed,
one sealer per business at a time (docs/decisions/0130-audit-chain.md says why, and what the
minutes in between mean).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from afterclose.businesses import sealing
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import AuditChain, AuditEntry, AuditSeal
from afterclose.businesses.permissions import Right, require

logger = logging.getLogger(__name__)

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Anchor:
    """How far a chain had come when somebody wrote it down, outside the database."""

    number: int
    fingerprint: str

    @classmethod
    def read(cls, text: str) -> Anchor:
        """From ``number:fingerprint``; raises ValueError that says what is wrong."""
        number, _, fingerprint = text.strip().partition(":")
        digits = set("0123456789abcdef")
        if not number.isdecimal() or len(fingerprint) != 64 or set(fingerprint) - digits:
            raise ValueError(f"“{text}” is no anchor. It looks like 1204:9f86d081… (64 digits).")
        return cls(int(number), fingerprint)

    def __str__(self) -> str:
        return f"{self.number}:{self.fingerprint}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at a whole chain found; ``problem`` is empty when it holds."""

    sealed: int
    anchor: Anchor
    waiting: int
    problem: str = ""
    entry_id: int | None = None


def seal(*, at: datetime, everything: bool = False) -> int:
    """Seal what is committed and not sealed yet, in the business in context; returns how many.

    ``everything`` also looks for entries whose transaction took longer than a day.
    """
    total = 0
    while True:
        done = _seal_batch(at, everything=everything)
        total += done
        if done < BATCH:
            return total


@transaction.atomic
def _seal_batch(at: datetime, *, everything: bool) -> int:
    # The row is the lock: a second sealer waits here and then finds nothing left to do. Writers
    # of entries never touch it.
    AuditChain.objects.get_or_create()
    chain = AuditChain.objects.select_for_update().get()
    behind = 0 if everything else chain.settled_id
    entries = (
        AuditEntry.objects.filter(id__gt=behind, seal__isnull=True)
        .order_by("id")
        .values(*sealing.FIELDS)[:BATCH]
    )
    seals = []
    number, last = chain.number, chain.fingerprint or sealing.BEGINNING
    for number, entry in enumerate(entries, start=chain.number + 1):
        last = sealing.fingerprint(last, sealing.content(entry, number))
        seals.append(AuditSeal(number=number, entry_id=entry["id"], fingerprint=last, sealed_at=at))
    if seals:
        AuditSeal.objects.bulk_create(seals)
        chain.number, chain.fingerprint, chain.sealed_at = number, last, at
        chain.save(update_fields=["number", "fingerprint", "sealed_at"])
    return len(seals)


def look(anchor: Anchor | None = None) -> Verdict:
    """Follow the chain of the business in context from its beginning; changes nothing.

    Names the first entry that is not what was sealed. ``anchor`` must lie on the chain. Reads
    in batches, so memory does not grow with the log.
    """
    with transaction.atomic():
        chain = AuditChain.objects.first()
    head = Anchor(chain.number, chain.fingerprint or sealing.BEGINNING) if chain else _NOTHING
    number, last = 0, sealing.BEGINNING
    problem, entry_id = "", None
    while not problem and number < head.number:
        rows = _links(number, head.number)
        if not rows:
            problem = f"the chain ends at seal {number}, but {head.number} were made"
        for seal, entry in rows:
            problem, last = _follow(number, last, seal, entry)
            if problem:
                entry_id = seal.entry_id
                break
            number += 1
            if anchor and anchor.number == number and anchor.fingerprint != last:
                problem = f"seal {number} is not the one of the anchor: the chain was made anew"
                entry_id = seal.entry_id
                break
    if not problem and last != head.fingerprint:
        problem = f"seal {number} is not the one that the head of the chain remembers"
    if not problem and anchor and anchor.number > number:
        problem = f"the chain ends at seal {number}, but the anchor knows seal {anchor.number}"
    with transaction.atomic():
        waiting = AuditEntry.objects.filter(seal__isnull=True).count()
        # Seals that the head does not know of were slipped in behind it, unless it moved on.
        beyond = AuditSeal.objects.filter(number__gt=head.number).count()
        now = AuditChain.objects.values_list("number", flat=True).first() or 0
    if not problem and beyond > max(0, now - head.number):
        problem = f"there are seals after {head.number}, the last one that was made"
    return Verdict(number, Anchor(number, last), waiting, problem, entry_id)


_NOTHING = Anchor(0, sealing.BEGINNING)


@transaction.atomic
def _links(after: int, upto: int) -> list[tuple[AuditSeal, dict[str, object] | None]]:
    seals = list(
        AuditSeal.objects.filter(number__gt=after, number__lte=upto).order_by("number")[:BATCH]
    )
    entries = {
        entry["id"]: entry
        for entry in AuditEntry.objects.filter(id__in=[seal.entry_id for seal in seals]).values(
            *sealing.FIELDS
        )
    }
    return [(seal, entries.get(seal.entry_id)) for seal in seals]


def _follow(
    number: int, last: str, seal: AuditSeal, entry: dict[str, object] | None
) -> tuple[str, str]:
    """What is wrong with the next link, or nothing, and its fingerprint as computed."""
    if seal.number != number + 1:
        return f"seal {number + 1} is missing: an entry was removed together with it", last
    if entry is None:
        return f"entry {seal.entry_id} (seal {seal.number}) was removed", last
    computed = sealing.fingerprint(last, sealing.content(entry, seal.number))
    if computed != seal.fingerprint:
        return (
            f"entry {seal.entry_id} (seal {seal.number}, “{entry['verb']}” by "
            f"{entry['actor_name']}) is not what was sealed: it, its seal or their order changed"
        ), last
    return "", computed


def verify(*, at: datetime, name: str) -> Verdict:
    """Seal what is left, follow the whole chain, and remember what was found.

    The anchor goes to the log, out of reach of whoever can write to the database.
    """
    seal(at=at, everything=True)
    found = look()
    with transaction.atomic():
        newest = AuditEntry.objects.aggregate(newest=Max("id"))["newest"] or 0
        chain = AuditChain.objects.select_for_update().get()
        # What was the newest at the last look is a day old: no transaction is that long.
        chain.settled_id, chain.settled_next_id = chain.settled_next_id, newest
        chain.verified_at, chain.problem = at, found.problem
        chain.save(update_fields=["settled_id", "settled_next_id", "verified_at", "problem"])
    if found.problem:
        logger.error("The audit log of %s is broken: %s", name, found.problem)
    else:
        logger.info("The audit log of %s holds. Anchor %s", name, found.anchor)
    return found


def state(viewer: Actor) -> AuditChain | None:
    """The head of the viewer's chain and what the last look found; None before the first seal."""
    require(viewer, Right.AUDIT_VIEW)
    return AuditChain.objects.first()
