"""Changes to many accounts or contacts at once: the same as to one, in few statements."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from afterclose.accounts import many
from afterclose.accounts.models import Account, AtRiskFlag, Contact, Event, Stage
from afterclose.businesses.models import AuditEntry, Membership
from tests.factories import MORNING, AccountFactory, ContactFactory


def ids(*rows) -> list[int]:
    return [row.id for row in rows]


def entries(verb: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(verb=verb).order_by("id"))


def test_accounts_get_another_csm_and_those_who_have_them_are_left_alone(at_work):
    admin = Membership.objects.get(id=at_work.admin.membership_id)
    Account.objects.filter(id=at_work.elm.id).update(csm=admin)
    count = many.give_accounts(
        actor=at_work.manager,
        at=MORNING,
        account_ids=ids(at_work.acme, at_work.elm),
        part="csm",
        member=admin,
    )
    assert count == 1
    assert Account.objects.get(id=at_work.acme.id).csm == admin
    [entry] = entries("account.changed")
    assert entry.changes == {"csm": ["Marek Novak", "Ines Duarte"]}
    many.give_accounts(
        actor=at_work.manager, at=MORNING, account_ids=ids(at_work.acme), part="csm", member=None
    )
    assert Account.objects.get(id=at_work.acme.id).csm is None


def test_a_stage_moves_with_the_day_of_leaving_and_is_told_per_account(at_work):
    def move(stage, *rows):
        return many.move_accounts(
            actor=at_work.manager, at=MORNING, account_ids=ids(*rows), stage=stage
        )

    assert move(Stage.CHURNED, at_work.acme, at_work.dune) == 1
    at_work.acme.refresh_from_db()
    at_work.dune.refresh_from_db()
    assert at_work.acme.churned_on == MORNING.date()
    assert at_work.dune.churned_on < MORNING.date()
    assert move(Stage.ACTIVE, at_work.acme, at_work.dune) == 2
    assert set(Account.objects.values_list("churned_on", flat=True)) == {None}
    told = Event.objects.filter(kind="stage.changed").order_by("id")
    assert [(event.account_id, event.title) for event in told] == [
        (at_work.acme.id, "Stage changed from Active to Churned"),
        (at_work.acme.id, "Stage changed from Churned to Active"),
        (at_work.dune.id, "Stage changed from Churned to Active"),
    ]
    assert len(entries("account.changed")) == 3
    with pytest.raises(ValidationError):
        move("nonsense", at_work.acme)


def test_flags_go_up_and_down_and_leave_alone_what_is_flagged_or_gone(at_work):
    rows = ids(at_work.acme, at_work.birch, at_work.dune)
    AtRiskFlag.objects.create(account=at_work.birch, reasons=["usage"], set_at=MORNING)
    done = many.flag_accounts(
        actor=at_work.manager, at=MORNING, account_ids=rows, reasons=["champion-left"], note="Bye"
    )
    assert done == (1, 1, 1)
    assert AtRiskFlag.objects.get(account=at_work.acme).note == "Bye"
    assert AtRiskFlag.objects.get(account=at_work.birch).reasons == ["usage"]
    assert Event.objects.get(kind="at_risk.flagged").body == "Bye"
    cleared = many.clear_accounts(
        actor=at_work.manager, at=MORNING, account_ids=rows, note="Called"
    )
    assert cleared == 2
    assert not AtRiskFlag.objects.filter(cleared_at=None).exists()
    assert Event.objects.filter(kind="at_risk.cleared", body="Called").count() == 2
    with pytest.raises(ValidationError):
        many.flag_accounts(actor=at_work.manager, at=MORNING, account_ids=rows, reasons=[])


def test_contacts_play_parts_leave_and_are_removed(at_work):
    ada, bo = Contact.objects.get(name="Ada Lind"), Contact.objects.get(name="Bo Hart")
    who = {"actor": at_work.manager, "at": MORNING, "contact_ids": ids(ada, bo)}
    assert many.mark_contacts(**who, part="is_champion", value=True) == 1
    assert many.contacts_left(**who, on=date(2026, 1, 5)) == 2
    assert many.contacts_left(**who, on=date(2026, 2, 5)) == 0
    assert many.remove_contacts(**who) == 2
    assert not Contact.objects.filter(id__in=ids(ada, bo)).exists()
    assert [entry.subject_label for entry in entries("contact.removed")] == ["Ada Lind", "Bo Hart"]
    assert Event.objects.filter(kind="contact.removed", account=at_work.birch).exists()
    with pytest.raises(ValidationError):
        many.mark_contacts(**who, part="id", value=True)


def test_the_number_of_statements_does_not_grow_with_the_rows(at_work):
    accounts = AccountFactory.create_batch(40)
    contacts = [ContactFactory.create(account=account) for account in accounts]

    def asked(act, few):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            act(few)
        return len(queries)

    who = {"actor": at_work.manager, "at": MORNING}
    for act in (
        lambda n: many.give_accounts(
            **who, account_ids=ids(*accounts[n]), part="ae", member=at_work.acme.csm
        ),
        lambda n: many.move_accounts(**who, account_ids=ids(*accounts[n]), stage=Stage.RENEWAL),
        lambda n: many.flag_accounts(**who, account_ids=ids(*accounts[n]), reasons=["usage"]),
        lambda n: many.clear_accounts(**who, account_ids=ids(*accounts[n])),
        lambda n: many.remove_contacts(**who, contact_ids=ids(*contacts[n])),
    ):
        many_rows, few_rows = asked(act, slice(2, 40)), asked(act, slice(2))
        assert many_rows <= few_rows + 1  # the first of all reads the settings too


def test_who_may_not_edit_changes_nothing_and_neither_does_another_business(at_work):
    with pytest.raises(PermissionDenied):
        many.remove_contacts(actor=at_work.member, at=MORNING, contact_ids=[1])
    assert (
        many.move_accounts(
            actor=at_work.manager,
            at=MORNING,
            account_ids=ids(at_work.foreign),
            stage=Stage.CHURNED,
        )
        == 0
    )


def test_the_lists_offer_them_after_a_look(at_work, sign_in):
    client = sign_in(at_work.manager)
    chosen = ids(at_work.acme, at_work.cedar)
    preview = client.post("/accounts/", {"bulk": "flag", "ids": chosen}).content.decode()
    assert "<li>Acme</li>" in preview
    assert "<li>Cedar</li>" in preview
    assert 'name="confirmed" value="2"' in preview
    refused = client.post("/accounts/", {"bulk": "flag", "ids": chosen, "confirmed": "2"})
    assert refused.status_code == 422
    everybody = {"bulk": "remove", "all": "1", "query": "champion=yes", "confirmed": "1"}
    client.post("/accounts/contacts/", everybody)
    assert list(Contact.objects.values_list("name", flat=True)) == ["Bo Hart"]
    client.post(
        "/accounts/",
        {"bulk": "owner", "all": "1", "confirmed": "5", "member": at_work.admin.membership_id},
    )
    assert set(Account.objects.values_list("csm_id", flat=True)) == {at_work.admin.membership_id}
