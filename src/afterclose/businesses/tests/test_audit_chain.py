"""The hash chain over the audit log: what somebody with all powers changes is found and named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from hypothesis import given, strategies as st

from afterclose.businesses import audit, audit_chain, sealing
from afterclose.businesses.actors import Actor
from afterclose.businesses.audit_chain import Anchor
from afterclose.businesses.jobs import JOBS
from afterclose.businesses.models import AuditChain, AuditEntry, AuditSeal
from tests.cast import Cast
from tests.factories import MORNING

LATER = MORNING + timedelta(minutes=5)


@pytest.fixture
def sealed(at_work: Cast) -> Cast:
    """Northwind with ten more entries, all sealed."""
    for number in range(10):
        audit.record(
            "account.changed",
            actor=at_work.manager,
            at=MORNING + timedelta(minutes=number),
            subject=at_work.acme,
            changes={"seats": [number, number + 1], "price": ["1.10", "1.20"], "ratio": 0.1},
        )
    assert audit_chain.seal(at=LATER) == AuditEntry.objects.count()
    return at_work


@pytest.fixture
def tamper(sealed: Cast) -> Iterator[Callable[..., None]]:
    """Runs a statement as whoever owns the tables can, once they take the policies off."""

    def run(statement: str, *parameters: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            assert cursor.rowcount >= 1, "the attempt itself did nothing"

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("auditentry", "auditseal", "auditchain"):
            cursor.execute(f"ALTER TABLE businesses_{table} NO FORCE ROW LEVEL SECURITY")
        # As with session_replication_role = replica: the foreign key does not stop it.
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        yield run
        transaction.set_rollback(True)


def entry_of(number: int) -> int:
    return AuditSeal.objects.get(number=number).entry_id


def test_an_untouched_chain_holds_and_covers_every_entry(sealed: Cast) -> None:
    found = audit_chain.look()
    assert found.problem == ""
    assert found.sealed == AuditEntry.objects.count()
    assert found.waiting == 0
    assert str(found.anchor) == str(AuditChain.objects.get())


@pytest.mark.parametrize(
    "change",
    [
        "actor_name = 'Nobody'",
        "at = at + interval '1 microsecond'",
        "changes = '{}'",
        "changes = jsonb_set(changes, '{seats,0}', '99')",
        "person_id = NULL",
        "subject_id = subject_id + 1",
        "verb = 'account.seen'",
    ],
)
def test_a_changed_entry_is_named(sealed: Cast, tamper: Callable[..., None], change: str) -> None:
    chain = AuditChain.objects.get()
    victim = entry_of(chain.number - 4)
    tamper(f"UPDATE businesses_auditentry SET {change} WHERE id = %s", victim)
    found = audit_chain.look()
    assert found.entry_id == victim
    assert "is not what was sealed" in found.problem
    assert found.sealed == chain.number - 5


def test_an_entry_removed_from_the_middle_is_named(
    sealed: Cast, tamper: Callable[..., None]
) -> None:
    victim = entry_of(4)
    tamper("DELETE FROM businesses_auditentry WHERE id = %s", victim)
    found = audit_chain.look()
    assert (found.entry_id, found.problem) == (victim, f"entry {victim} (seal 4) was removed")


def test_an_entry_removed_with_its_seal_leaves_a_gap(
    sealed: Cast, tamper: Callable[..., None]
) -> None:
    victim = entry_of(4)
    tamper("DELETE FROM businesses_auditseal WHERE entry_id = %s", victim)
    tamper("DELETE FROM businesses_auditentry WHERE id = %s", victim)
    assert "seal 4 is missing" in audit_chain.look().problem


def test_a_removed_end_is_seen_by_the_head(sealed: Cast, tamper: Callable[..., None]) -> None:
    number = AuditChain.objects.get().number
    victims = list(
        AuditSeal.objects.filter(number__gt=number - 3).values_list("entry_id", flat=True)
    )
    tamper("DELETE FROM businesses_auditseal WHERE entry_id = ANY(%s)", victims)
    tamper("DELETE FROM businesses_auditentry WHERE id = ANY(%s)", victims)
    found = audit_chain.look()
    assert found.problem == f"the chain ends at seal {number - 3}, but {number} were made"


def test_a_removed_end_with_a_corrected_head_is_seen_by_the_anchor(
    sealed: Cast, tamper: Callable[..., None]
) -> None:
    noted = audit_chain.look().anchor
    before = AuditSeal.objects.get(number=noted.number - 3)
    tamper("DELETE FROM businesses_auditseal WHERE number > %s", before.number)
    tamper("DELETE FROM businesses_auditentry WHERE id > %s", before.entry_id)
    tamper(
        "UPDATE businesses_auditchain SET number = %s, fingerprint = %s",
        before.number,
        before.fingerprint,
    )
    assert audit_chain.look().problem == "", "the database alone cannot know"
    assert "the anchor knows seal" in audit_chain.look(noted).problem


def test_a_chain_that_was_made_anew_is_seen_by_the_anchor(
    sealed: Cast, tamper: Callable[..., None]
) -> None:
    noted = audit_chain.look().anchor
    tamper("UPDATE businesses_auditentry SET actor_name = 'Nobody' WHERE id = %s", entry_of(3))
    tamper("DELETE FROM businesses_auditseal WHERE number > 0")
    tamper("DELETE FROM businesses_auditchain WHERE number > 0")
    audit_chain.seal(at=LATER)
    assert audit_chain.look().problem == ""
    assert "made anew" in audit_chain.look(noted).problem


def test_entries_that_changed_places_are_named(sealed: Cast, tamper: Callable[..., None]) -> None:
    one, other = AuditSeal.objects.filter(number__in=(5, 6)).order_by("number")
    tamper("UPDATE businesses_auditseal SET number = 1000000 WHERE id = %s", one.id)
    tamper("UPDATE businesses_auditseal SET number = 5 WHERE id = %s", other.id)
    tamper("UPDATE businesses_auditseal SET number = 6 WHERE id = %s", one.id)
    found = audit_chain.look()
    assert found.entry_id == other.entry_id
    assert "their order changed" in found.problem


def test_a_seal_slipped_in_behind_the_head_is_seen(
    sealed: Cast, tamper: Callable[..., None]
) -> None:
    audit.record("account.changed", actor=sealed.manager, at=LATER, label="late")
    newest = AuditEntry.objects.order_by("id").last()
    assert newest
    AuditSeal.objects.create(
        number=AuditChain.objects.get().number + 1,
        entry=newest,
        fingerprint="f" * 64,
        sealed_at=LATER,
    )
    assert "there are seals after" in audit_chain.look().problem


def test_sealing_again_goes_on_where_it_stopped(sealed: Cast) -> None:
    before = audit_chain.look().anchor
    assert audit_chain.seal(at=LATER) == 0
    audit.record("account.changed", actor=sealed.manager, at=LATER, label="one more")
    assert audit_chain.look().waiting == 1
    assert audit_chain.seal(at=LATER) == 1
    found = audit_chain.look(before)
    assert (found.problem, found.sealed, found.waiting) == ("", before.number + 1, 0)


def test_an_entry_that_commits_late_is_sealed_behind_younger_ones(sealed: Cast) -> None:
    for _ in range(2):
        audit_chain.verify(at=LATER, name="Northwind")
    chain = AuditChain.objects.get()
    assert chain.settled_id == AuditEntry.objects.latest("id").id
    AuditChain.objects.update(settled_id=chain.settled_id + 1000)
    audit.record("account.changed", actor=sealed.manager, at=LATER, label="from a long transaction")
    assert audit_chain.seal(at=LATER) == 0
    assert audit_chain.verify(at=LATER, name="Northwind").problem == ""
    assert audit_chain.look().waiting == 0


def test_the_fingerprints_can_be_computed_by_anybody(sealed: Cast) -> None:
    """The recipe of docs/decisions/0130, written out without our code."""
    last = "0" * 64
    for seal in AuditSeal.objects.order_by("number").select_related("entry"):
        entry = seal.entry
        form = {
            "id": entry.id,
            "business_id": entry.business_id,
            "at": entry.at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"),
            "person_id": entry.person_id,
            "actor_name": entry.actor_name,
            "verb": entry.verb,
            "subject_type": entry.subject_type,
            "subject_id": entry.subject_id,
            "subject_label": entry.subject_label,
            "changes": entry.changes,
            "number": seal.number,
            "version": 1,
        }
        text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        last = hashlib.sha256(f"{last}\n{text}".encode()).hexdigest()
        assert last == seal.fingerprint


words = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
entries = st.fixed_dictionaries(
    {
        "id": st.integers(1, 2**40),
        "business_id": st.integers(1, 9),
        "at": st.datetimes(timezones=st.timezones()),
        "person_id": st.none() | st.integers(1, 9),
        "actor_name": words,
        "verb": words,
        "subject_type": words,
        "subject_id": st.none() | st.integers(1, 9),
        "subject_label": words,
        "changes": st.dictionaries(words, st.none() | words | st.integers() | st.booleans()),
    }
)


@given(entries, entries)
def test_different_entries_have_different_forms(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = sealing.content(one, 1) == sealing.content(other, 1)
    # Equal for Python but not for the log: True and 1.
    assert same == (repr(sorted(_plain(one).items())) == repr(sorted(_plain(other).items())))
    assert sealing.content(one, 1) != sealing.content(one, 2)


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        **entry,
        "at": entry["at"].timestamp(),
        "changes": sorted(entry["changes"].items()),
    }


@pytest.mark.parametrize("text", ["", "12", "x:" + "a" * 64, "1:" + "g" * 64, "1:abc"])
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no anchor"):
        Anchor.read(text)


def test_the_command_prints_an_anchor_and_takes_it_back(sealed: Cast) -> None:
    said = StringIO()
    call_command("audit_verify", stdout=said)
    anchor = str(audit_chain.look().anchor)
    assert f"northwind: holds, {anchor.split(':')[0]} entries sealed" in said.getvalue()
    assert f"Anchor {anchor}" in said.getvalue()
    call_command("audit_verify", business="northwind", anchor=anchor, stdout=said)
    with pytest.raises(CommandError, match="made anew"):
        call_command(
            "audit_verify", business="northwind", anchor="3:" + "a" * 64, stdout=StringIO()
        )
    with pytest.raises(CommandError, match="no business “acme”"):
        call_command("audit_verify", business="acme")


def test_the_command_names_the_first_broken_entry_and_fails(
    sealed: Cast, tamper: Callable[..., None]
) -> None:
    victim = entry_of(4)
    tamper("UPDATE businesses_auditentry SET verb = 'x.y' WHERE id = %s", victim)
    said = StringIO()
    with pytest.raises(CommandError, match=f"northwind is broken: entry {victim}"):
        call_command("audit_verify", stdout=said)
    assert "contoso: holds" in said.getvalue()


def test_the_nightly_job_leaves_what_it_found_for_the_page_of_operations(
    sealed: Cast, tamper: Callable[..., None], sign_in: Callable[[Actor | None], Client]
) -> None:
    verify = JOBS["businesses.verify_audit_of_business"]
    verify(sealed.business.id, timestamp=0)
    page = sign_in(sealed.admin).get("/settings/operations/").content.decode()
    assert "Audit log" in page
    assert "Nothing was changed" in page
    tamper("UPDATE businesses_auditentry SET verb = 'x.y' WHERE id = %s", entry_of(4))
    verify(sealed.business.id, timestamp=0)
    page = sign_in(sealed.admin).get("/settings/operations/").content.decode()
    assert "is not what was sealed" in page
    assert "afterclose audit_verify" in page


def test_the_frequent_job_seals_one_business(sealed: Cast) -> None:
    audit.record("account.changed", actor=sealed.manager, at=LATER, label="one more")
    JOBS["businesses.seal_audit_of_business"](sealed.stranger.business_id, timestamp=0)
    assert audit_chain.look().waiting == 1
    JOBS["businesses.seal_audit_of_business"](sealed.business.id, timestamp=0)
    assert audit_chain.look().waiting == 0


@pytest.mark.parametrize("table", ["auditentry", "auditseal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_even_the_owner_of_the_tables_changes_nothing(
    sealed: Cast, table: str, statement: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement.format(f"businesses_{table}"))
        assert cursor.rowcount == 0
