from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from afterclose.accounts import actions
from afterclose.accounts.models import Account, AtRiskFlag, Event, Mention, Stage
from afterclose.businesses.models import AuditEntry
from tests.factories import MONDAY, MORNING


def test_changing_the_stage_is_told_and_audited_once(at_work):
    for _ in range(2):
        actions.change_stage(
            actor=at_work.manager, at=MORNING, account_id=at_work.acme.id, stage=Stage.EXPANDING
        )
    told = Event.objects.get(kind="stage.changed", account=at_work.acme)
    assert told.title == "Stage changed from Active to Expanding"
    entry = AuditEntry.objects.get(verb="account.changed", subject_id=at_work.acme.id)
    assert entry.changes == {"stage": ["active", "expanding"]}


def test_churning_takes_the_day_and_coming_back_forgets_it(at_work):
    who = {"actor": at_work.manager, "at": MORNING, "account_id": at_work.acme.id}
    assert actions.change_stage(**who, stage=Stage.CHURNED).churned_on == MONDAY
    assert actions.change_stage(**who, stage=Stage.ACTIVE).churned_on is None


def test_a_member_without_the_right_changes_nothing(at_work):
    with pytest.raises(PermissionDenied, match=r"accounts\.edit"):
        actions.change_stage(
            actor=at_work.member, at=MORNING, account_id=at_work.acme.id, stage=Stage.CHURNED
        )
    assert Account.objects.get(pk=at_work.acme.id).stage == Stage.ACTIVE


def test_an_external_id_is_unique_within_a_business_and_free_in_another(cast):
    with cast.at_work(), pytest.raises(ValidationError):
        actions.create_account(actor=cast.manager, at=MORNING, name="Twin", external_id="acme")
    with cast.elsewhere():
        actions.create_account(actor=cast.stranger, at=MORNING, name="Twin", external_id="acme")


def test_flagging_needs_a_reason(at_work):
    with pytest.raises(ValidationError, match="at least one reason"):
        actions.flag_at_risk(
            actor=at_work.manager, at=MORNING, account_id=at_work.acme.id, reasons=[]
        )


def test_flagging_twice_keeps_one_open_flag_with_the_newer_reasons(at_work):
    who = {"actor": at_work.manager, "account_id": at_work.acme.id}
    actions.flag_at_risk(**who, at=MORNING, reasons=["price"])
    actions.flag_at_risk(**who, at=MORNING + timedelta(hours=1), reasons=["support", "price"])
    flag = AtRiskFlag.objects.get(account=at_work.acme, cleared_at__isnull=True)
    assert flag.reasons == ["price", "support"]
    assert flag.set_at == MORNING
    assert not flag.is_automatic


def test_clearing_says_who_and_when_and_a_second_time_does_nothing(at_work):
    who = {"actor": at_work.manager, "account_id": at_work.acme.id}
    actions.flag_at_risk(**who, at=MORNING, reasons=["price"])
    assert actions.clear_at_risk(**who, at=MORNING, note="New price agreed")
    assert not actions.clear_at_risk(**who, at=MORNING)
    flag = AtRiskFlag.objects.get(account=at_work.acme)
    assert (flag.cleared_by_id, flag.clear_note) == (
        at_work.manager.membership_id,
        "New price agreed",
    )


def test_a_churned_account_cannot_be_flagged(at_work):
    with pytest.raises(ValidationError, match="churned"):
        actions.flag_at_risk(
            actor=at_work.manager, at=MORNING, account_id=at_work.dune.id, reasons=["price"]
        )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Please look, @dana", {"owner"}),
        ("@DanaReyes and @ines.", {"owner", "admin"}),
        ("write to dana@northwind.example", set()),
        ("nobody here", set()),
        ("@sam is of another business", set()),
    ],
)
def test_a_text_mentions_people_by_address_or_name(at_work, text, told):
    ids = {getattr(at_work, who).membership_id for who in told}
    assert actions.mentioned(text) == ids


def test_a_note_tells_those_whom_it_names_but_not_its_author(at_work):
    note = actions.log_activity(
        actor=at_work.manager,
        at=MORNING,
        account_id=at_work.acme.id,
        kind="activity.note",
        title="Sponsor left",
        body="@dana @marek please read",
    )
    assert [m.member_id for m in Mention.objects.filter(event=note)] == [
        at_work.owner.membership_id
    ]
    assert Event.objects.filter(kind="mention.made", subject_id=note.id).count() == 1


def test_an_activity_in_the_future_is_refused(at_work):
    with pytest.raises(ValidationError, match="future"):
        actions.log_activity(
            actor=at_work.manager,
            at=MORNING,
            account_id=at_work.acme.id,
            kind="activity.call",
            title="Call",
            occurred_at=MORNING + timedelta(minutes=1),
        )


def test_removing_a_contact_keeps_what_they_answered(at_work):
    contact = at_work.acme.contacts.get()
    answer = at_work.acme.survey_answers.get()
    answer.contact = contact
    answer.save()
    actions.remove_contact(actor=at_work.manager, at=MORNING, contact_id=contact.id)
    answer.refresh_from_db()
    assert answer.contact is None
