"""Merging two accounts and taking them apart again (docs/decisions/0100-merging.md)."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from hypothesis import given, settings, strategies as st

from afterclose.accounts.actions import flag_at_risk
from afterclose.accounts.custom_fields.actions import define_field
from afterclose.accounts.imports.command import Wishes, import_files
from afterclose.accounts.merging import actions, queries
from afterclose.accounts.merging.aliases import accounts_by_alias
from afterclose.accounts.merging.duplicates import possible_duplicates
from afterclose.accounts.merging.kinds import ACCOUNTS
from afterclose.accounts.merging.reactions import compute_anew
from afterclose.accounts.models import (
    Account,
    AccountAlias,
    AccountTag,
    AccountValue,
    AtRiskFlag,
    Contact,
    Event,
    Merge,
    MergeStep,
)
from afterclose.accounts.tags.actions import create_tag, tag_accounts
from afterclose.billing.actions import refresh_account_billing
from afterclose.billing.models import AccountBilling, Subscription
from afterclose.feedback.models import SurveyAnswer
from afterclose.health.actions import take_snapshots
from afterclose.health.models import Score, Snapshot
from afterclose.usage.models import DailyUsage, LastUse
from tests.contents import contents
from tests.factories import (
    MONDAY,
    MORNING,
    AccountFactory,
    ContactFactory,
    DailyUsageFactory,
    EventFactory,
    LastUseFactory,
    SubscriptionFactory,
    SurveyAnswerFactory,
    TicketFactory,
)


def merge(cast, winner, loser, **sides):
    return actions.merge_accounts(
        actor=cast.manager, at=MORNING, winner_id=winner.id, loser_id=loser.id, sides=sides
    )


def undo(cast, merged, at=MORNING):
    return actions.undo_merge(actor=cast.manager, at=at, merge_id=merged.id)


def test_everything_follows_the_winner_and_the_loser_goes(at_work):
    acme, birch = at_work.acme, at_work.birch
    merged = merge(at_work, acme, birch)
    assert not Account.objects.filter(id=birch.id).exists()
    assert Subscription.objects.filter(account=acme).count() == 2
    assert set(Contact.objects.filter(account=acme).values_list("name", flat=True)) == {
        "Ada Lind",
        "Bo Hart",
    }
    assert merged.rows > 5
    told = Event.objects.get(kind="account.merged")
    assert (told.account_id, told.title) == (acme.id, "Birch was merged into this account")


def test_the_winner_keeps_its_facts_and_gets_those_that_it_has_not(at_work):
    Account.objects.filter(id=at_work.acme.id).update(industry="", seats=None)
    Account.objects.filter(id=at_work.birch.id).update(industry="Paper", seats=7, plan="Gold")
    merge(at_work, at_work.acme, at_work.birch)
    acme = Account.objects.get(id=at_work.acme.id)
    assert (acme.industry, acme.seats, acme.plan) == ("Paper", 7, at_work.acme.plan)


def test_a_person_chooses_which_value_stays(at_work):
    merge(at_work, at_work.acme, at_work.dune, name="loser", stage="loser")
    acme = Account.objects.get(id=at_work.acme.id)
    assert (acme.name, acme.stage, acme.churned_on) == ("Dune", "churned", at_work.dune.churned_on)


def test_rows_that_meet_become_one_by_the_rule_of_their_app(at_work):
    acme, birch, cedar = at_work.acme, at_work.birch, at_work.cedar
    DailyUsage.objects.all().delete()
    for account, count in ((acme, 3), (birch, 4)):
        DailyUsageFactory.create(account=account, used_on=MONDAY, feature="x", count=count)
        flag_at_risk(
            actor=at_work.manager, at=MORNING, account_id=account.id, reasons=[f"r{count}"]
        )
    LastUse.objects.filter(account=birch).update(last_used_on=MONDAY + timedelta(days=1))
    vip = create_tag(actor=at_work.manager, at=MORNING, name="VIP")
    tag_accounts(
        actor=at_work.manager,
        at=MORNING,
        account_ids=[acme.id, birch.id, cedar.id],
        tag_ids=[vip.id],
    )
    shown = queries.preview(at_work.manager, ACCOUNTS, acme.id, birch.id)
    told = {each.label: (each.moving, each.meeting) for each in shown.follows}
    assert told["Tags"] == told["Days of use, by user and feature"] == (0, 1)
    assert told["Subscriptions"] == (1, 0)
    assert shown.meeting == 4  # a tag, a day of use, the dates of use, an at-risk flag
    merged = merge(at_work, acme, birch)
    assert merged.rows == shown.moving
    assert DailyUsage.objects.get(account=acme).count == 7
    assert LastUse.objects.get(account=acme).last_used_on == MONDAY + timedelta(days=1)
    assert AtRiskFlag.objects.get(account=acme, cleared_at=None).reasons == ["r3", "r4"]
    assert AccountTag.objects.filter(tag=vip).count() == 2


def test_contacts_of_the_same_address_become_one_and_what_points_at_them_follows(at_work):
    ContactFactory.create(account=at_work.acme, name="Ada", email="ada@x.example", phone="")
    twin = ContactFactory.create(
        account=at_work.birch, name="A. Lind", email="ada@x.example", phone="+1", is_detractor=True
    )
    SurveyAnswerFactory.create(account=at_work.birch, contact=twin, external_id="of-twin")
    shown = queries.preview(at_work.manager, ACCOUNTS, at_work.acme.id, at_work.birch.id)
    assert shown.same_contacts == 1
    before = contents()
    merged = merge(at_work, at_work.acme, at_work.birch)
    ada = Contact.objects.get(email="ada@x.example")
    assert (ada.name, ada.phone, ada.is_detractor) == ("Ada", "+1", True)
    assert SurveyAnswer.objects.get(external_id="of-twin").contact_id == ada.id
    undo(at_work, merged)
    assert contents() == before


def test_derived_figures_are_computed_anew_after_the_merge_and_after_the_undo(at_work):
    ids = [at_work.acme.id, at_work.birch.id]
    Subscription.objects.filter(account_id__in=ids).update(status="active")
    refresh_account_billing(actor=at_work.owner)
    take_snapshots(
        actor=at_work.owner, at=MORNING, on=MONDAY, first_account_id=ids[0], last_account_id=ids[1]
    )
    arr = dict(AccountBilling.objects.values_list("account_id", "arr"))
    merged = merge(at_work, at_work.acme, at_work.birch)
    assert AccountBilling.objects.get(account=at_work.acme).arr == arr[ids[0]] + arr[ids[1]]
    assert Snapshot.objects.filter(on=MONDAY, account=at_work.acme).count() == 1
    assert not Score.objects.filter(account_id=at_work.birch.id).exists()
    compute_anew(Event.objects.get(kind="account.merged").id)
    undo(at_work, merged)
    assert dict(AccountBilling.objects.values_list("account_id", "arr")) == arr
    for event in Event.objects.filter(kind="account.merge_undone"):
        compute_anew(event.id)
    assert dict(AccountBilling.objects.values_list("account_id", "arr")) == arr
    assert Score.objects.filter(account_id__in=ids).count() == 2


SIDES = st.sampled_from(["winner", "loser"])
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["contact", "usage", "subscription", "ticket", "answer", "event", "flag"]),
        SIDES,
        st.integers(0, 3),
    ),
    max_size=12,
)


def grow(cast, kind, account, variant):
    makers = {
        "contact": lambda: Contact.objects.get_or_create(
            account=account, email=f"p{variant}@x.example", defaults={"name": f"P{variant}"}
        ),
        "usage": lambda: DailyUsage.objects.get_or_create(
            account=account,
            used_on=MONDAY - timedelta(days=variant),
            feature="f",
            defaults={"count": variant + 1},
        ),
        "subscription": lambda: SubscriptionFactory.create(account=account),
        "ticket": lambda: TicketFactory.create(account=account, satisfaction="4.5"),
        "answer": lambda: SurveyAnswerFactory.create(account=account, score=variant),
        "event": lambda: EventFactory.create(account=account, payload={"n": 0.1 * variant}),
        "flag": lambda: flag_at_risk(
            actor=cast.manager, at=MORNING, account_id=account.id, reasons=[f"r{variant}"]
        ),
    }
    makers[kind]()


@settings(max_examples=25)
@given(rows=ROWS, sides=st.dictionaries(st.sampled_from(["name", "stage", "domain"]), SIDES))
def test_merge_then_undo_gives_back_every_byte(at_work, rows, sides):
    with transaction.atomic():
        pair = {name: AccountFactory.create(name=name, external_id=name) for name in SIDES.elements}
        LastUseFactory.create(account=pair["loser"])
        for kind, side, variant in rows:
            grow(at_work, kind, pair[side], variant)
        refresh_account_billing(actor=at_work.owner)
        before = contents()
        merged = merge(at_work, pair["winner"], pair["loser"], **sides)
        assert not Account.objects.filter(id=pair["loser"].id).exists()
        undo(at_work, merged)
        after = contents()
        assert {label for label in before if before[label] != after[label]} == set()
        transaction.set_rollback(True)


def test_what_was_changed_or_added_since_stays_as_it_is(at_work):
    Account.objects.filter(id=at_work.acme.id).update(industry="")
    Account.objects.filter(id=at_work.birch.id).update(industry="Paper")
    merged = merge(at_work, at_work.acme, at_work.birch)
    Account.objects.filter(id=at_work.acme.id).update(plan="Platinum")
    ticket = TicketFactory.create(account=at_work.acme)
    undo(at_work, merged)
    acme = Account.objects.get(id=at_work.acme.id)
    assert (acme.industry, acme.plan) == ("", "Platinum")
    ticket.refresh_from_db()
    assert ticket.account_id == acme.id


def test_two_merges_are_undone_in_reverse_order(at_work):
    before = contents()
    first = merge(at_work, at_work.birch, at_work.cedar)
    second = merge(at_work, at_work.acme, at_work.birch)
    with pytest.raises(ValidationError, match="Undo that merge first"):
        undo(at_work, first)
    undo(at_work, second)
    undo(at_work, first)
    assert contents() == before
    with pytest.raises(ValidationError, match="already"):
        undo(at_work, first)


def test_a_merge_can_be_undone_for_thirty_days(at_work):
    merged = merge(at_work, at_work.acme, at_work.birch)
    late = MORNING + timedelta(days=30)
    with pytest.raises(ValidationError, match="30 days"):
        undo(at_work, merged, at=late)
    assert actions.purge_journals(actor=at_work.owner, at=late - timedelta(seconds=1)) == 0
    assert actions.purge_journals(actor=at_work.owner, at=late) == 1
    assert not MergeStep.objects.exists()
    assert AccountAlias.objects.exists()


def test_a_tree_stays_a_tree(at_work):
    acme, birch, cedar, elm = at_work.acme, at_work.birch, at_work.cedar, at_work.elm
    Account.objects.filter(id=cedar.id).update(parent=birch)
    Account.objects.filter(id=acme.id).update(parent=cedar)
    Account.objects.filter(id=elm.id).update(parent=acme)
    before = contents()
    merged = merge(at_work, acme, birch)  # Birch is above Acme
    parents = dict(Account.objects.values_list("name", "parent__name"))
    assert (parents["Acme"], parents["Cedar"], parents["Elm"]) == (None, "Acme", "Acme")
    undo(at_work, merged)
    assert contents() == before
    merge(at_work, birch, acme)  # Acme is below Birch
    parents = dict(Account.objects.values_list("name", "parent__name"))
    assert (parents["Birch"], parents["Cedar"], parents["Elm"]) == (None, "Birch", "Birch")


def test_a_file_that_names_the_account_that_went_finds_the_winner(at_work, tmp_path):
    def bring(kind, text):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text)
        [run] = import_files([path], actor=at_work.owner, wishes=Wishes(kind=kind))
        return run.counts

    merged = merge(at_work, at_work.acme, at_work.birch)
    assert AccountAlias.objects.get().external_id == "birch"
    define_field(actor=at_work.owner, at=MORNING, subject="account", label="Tier", kind="text")
    accounts = "id,name,plan,tags,Tier\nacme,Acme,Gold,New,one\nbirch,Birch,Silver,Old,two\n"
    assert bring("accounts", accounts) == {"updated": 1, "unchanged": 1}
    assert bring("accounts", accounts) == {"unchanged": 2}
    assert Account.objects.get(id=at_work.acme.id).plan == "Gold"
    assert [link.tag.name for link in AccountTag.objects.filter(account=at_work.acme)] == ["New"]
    assert AccountValue.objects.get(subject=at_work.acme).text == "one"
    assert not Account.objects.filter(name="Birch").exists()
    contacts = "email,account_id,name\nnew@x.example,birch,New\n"
    assert bring("contacts", contacts) == {"created": 1}
    assert Contact.objects.get(name="New").account_id == at_work.acme.id
    bring("accounts", "id,name,parent_id\nkid,Kid,birch\n")
    assert Account.objects.get(name="Kid").parent_id == at_work.acme.id
    undo(at_work, merged)
    assert Account.objects.get(external_id="birch").name == "Birch"


def test_an_id_that_was_taken_over_and_given_anew_finds_the_account_merged_last(at_work):
    merge(at_work, at_work.acme, at_work.birch)
    again = AccountFactory.create(name="Birch again", external_id="birch")
    before = contents()
    merged = merge(at_work, at_work.elm, again)
    assert accounts_by_alias(["birch"]) == {"birch": at_work.elm.id}
    undo(at_work, merged)
    assert contents() == before
    assert accounts_by_alias(["birch"]) == {"birch": at_work.acme.id}


def test_a_group_of_many_alike_shows_the_oldest_and_leaves_room_for_the_next(at_work):
    many = AccountFactory.create_batch(7, domain="mail.example")
    few = AccountFactory.create_batch(2, domain="zeta.example")
    found, _ = possible_duplicates(at_work.manager, "domain")
    assert [(each.value, each.count, list(each.rows)) for each in found] == [
        ("mail.example", 7, many[:5]),
        ("zeta.example", 2, few),
    ]


def test_an_account_typed_by_hand_takes_over_the_id_of_its_imported_twin(at_work):
    typed = AccountFactory.create(name="Birch", external_id=None, domain="birch.example")
    [alike], _ = possible_duplicates(at_work.manager, "domain")
    assert {each.id for each in alike.rows} == {typed.id, at_work.birch.id}
    merged = merge(at_work, typed, at_work.birch)
    typed.refresh_from_db()
    assert typed.external_id == "birch"
    assert not AccountAlias.objects.exists()
    undo(at_work, merged)
    typed.refresh_from_db()
    assert typed.external_id is None


def test_who_may_not_edit_may_not_merge_and_neither_may_two_that_do_not_fit(at_work):
    with pytest.raises(PermissionDenied):
        actions.merge_accounts(
            actor=at_work.member,
            at=MORNING,
            winner_id=at_work.acme.id,
            loser_id=at_work.birch.id,
        )
    with pytest.raises(ValidationError, match="itself"):
        merge(at_work, at_work.acme, at_work.acme)
    with pytest.raises(ValidationError, match="not there"):
        merge(at_work, at_work.acme, at_work.foreign)
    Account.objects.filter(id=at_work.birch.id).update(is_sample=True)
    with pytest.raises(ValidationError, match="sample data"):
        merge(at_work, at_work.acme, at_work.birch)


def test_from_the_page_by_preview_and_back(cast, sign_in):
    client = sign_in(cast.manager)
    choose = reverse("accounts:merge_choose", args=[cast.acme.id])
    asked = client.post(choose, {"other": cast.birch.id})
    preview = reverse("accounts:merge", args=[cast.acme.id, cast.birch.id])
    assert asked.headers["Location"] == preview
    text = client.get(preview).content.decode()
    with cast.at_work():
        shown = queries.preview(cast.manager, ACCOUNTS, cast.acme.id, cast.birch.id)
    assert shown.meeting > 0
    said = re.sub("<[^>]*>", "", text)
    assert f"What follows: {shown.moving} rows move, {shown.meeting} become" in said
    assert "Subscriptions" in text
    client.post(preview, {"name": "loser"})
    page = client.get(reverse("accounts:detail", args=[cast.acme.id])).content.decode()
    assert "Birch was merged into this account" in page
    old = client.get(reverse("accounts:detail", args=[cast.birch.id]))
    assert old.headers["Location"] == reverse("accounts:detail", args=[cast.acme.id])
    with cast.at_work():
        merged = Merge.objects.get()
    address = reverse("accounts:merge_undo", args=[merged.id])
    assert "becomes an account of its own" in client.get(address).content.decode()
    client.post(address)
    assert client.get(reverse("accounts:detail", args=[cast.birch.id])).status_code == 200
    assert client.get(reverse("accounts:duplicates")).status_code == 200
    assert client.post(choose, {"other": cast.acme.id}).status_code == 422
    assert client.get(reverse("accounts:merge", args=[cast.acme.id, 10**9])).status_code == 404
