"""Merging two contacts and taking them apart again (docs/decisions/0100-merging.md)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from hypothesis import given, settings, strategies as st

from afterclose.accounts import queries as account_queries
from afterclose.accounts.actions import log_activity
from afterclose.accounts.custom_fields.actions import define_field
from afterclose.accounts.custom_fields.writing import set_values
from afterclose.accounts.imports.command import Wishes, import_files
from afterclose.accounts.merging import actions, queries
from afterclose.accounts.merging.contacts import merge_contacts
from afterclose.accounts.merging.duplicates import (
    contacts_like,
    possible_duplicate_contacts,
)
from afterclose.accounts.merging.kinds import ACCOUNTS, CONTACTS
from afterclose.accounts.merging.reactions import compute_anew
from afterclose.accounts.models import (
    Contact,
    ContactAlias,
    ContactTag,
    ContactValue,
    Event,
    Merge,
    Tag,
)
from afterclose.accounts.tags.actions import create_tag, tag_contacts
from afterclose.businesses.models import AuditEntry
from afterclose.feedback.models import SurveyAnswer
from afterclose.segments.actions import create_segment
from afterclose.segments.models import ContactMembership, Segment
from afterclose.tasks.actions import add_task, change_task
from afterclose.tasks.models import Task
from tests.contents import contents
from tests.factories import MORNING, ContactFactory, SurveyAnswerFactory


def merge(cast, winner, loser, **sides):
    return merge_contacts(
        actor=cast.manager, at=MORNING, winner_id=winner.id, loser_id=loser.id, sides=sides
    )


def undo(cast, merged, at=MORNING):
    return actions.undo_merge(actor=cast.manager, at=at, merge_id=merged.id)


def call(cast, contact, title):
    return log_activity(
        actor=cast.manager, at=MORNING, account_id=contact.account_id, kind="activity.call",
        title=title, contact_id=contact.id,
    )  # fmt: skip


@pytest.fixture
def ada(at_work):
    return Contact.objects.get(name="Ada Lind")


@pytest.fixture
def bo(at_work):
    return Contact.objects.get(name="Bo Hart")


@pytest.fixture
def twin(at_work, ada):
    """Ada once more at the same account, as somebody typed her."""
    return ContactFactory.create(
        account=at_work.acme, name="A. Lind", email="", title="", phone="+1 555", external_id="t-1"
    )


def test_what_points_at_the_one_follows_the_other(at_work, ada, twin):
    vip, old = (create_tag(actor=at_work.manager, at=MORNING, name=n) for n in ("VIP", "Old"))
    for contact, tags in ((ada, [vip]), (twin, [vip, old])):
        tag_contacts(
            actor=at_work.manager,
            at=MORNING,
            contact_ids=[contact.id],
            tag_ids=[tag.id for tag in tags],
        )
        call(at_work, contact, f"Call with {contact.name}")
    SurveyAnswerFactory.create(account=at_work.acme, contact=twin, external_id="of-twin")
    add_task(actor=at_work.manager, at=MORNING, title="Send the offer", contact=twin)
    merged = merge(at_work, ada, twin)
    assert not Contact.objects.filter(id=twin.id).exists()
    assert {link.tag.name for link in ContactTag.objects.filter(contact=ada)} == {"VIP", "Old"}
    assert SurveyAnswer.objects.get(external_id="of-twin").contact_id == ada.id
    assert Task.objects.get(title="Send the offer").contact_id == ada.id
    ada.refresh_from_db()
    assert (ada.name, ada.title, ada.phone, ada.external_id) == (
        "Ada Lind", "Head of operations", "+1 555", "t-1",
    )  # fmt: skip
    events, _ = account_queries.timeline(at_work.manager, at_work.acme.id, contact_id=ada.id)
    titles = {event.title for event in events}
    assert {"Call with Ada Lind", "Call with A. Lind"} <= titles
    assert "A. Lind was merged into Ada Lind" in titles
    assert merged.rows == 5  # the tag that she had not, a task, an answer, and two facts
    entry = AuditEntry.objects.get(verb="contact.merged")
    assert (entry.subject_id, entry.changes["from_id"]) == (ada.id, twin.id)


def test_at_two_accounts_the_tasks_go_along_and_what_came_about_stays_where_it_did(
    at_work, ada, bo
):
    call(at_work, bo, "Call with Bo")
    add_task(actor=at_work.manager, at=MORNING, title="Ask Bo", contact=bo)
    SurveyAnswerFactory.create(account=at_work.birch, contact=bo, external_id="of-bo")
    merge(at_work, ada, bo)
    task = Task.objects.get(title="Ask Bo")
    assert (task.contact_id, task.account_id) == (ada.id, at_work.acme.id)
    change_task(actor=at_work.manager, at=MORNING, task_id=task.id, title="Ask Ada")
    answer = SurveyAnswer.objects.get(external_id="of-bo")
    assert (answer.contact_id, answer.account_id) == (ada.id, at_work.birch.id)
    of_birch, _ = account_queries.timeline(at_work.manager, at_work.birch.id)
    assert {"Call with Bo", "Bo Hart of Birch was merged into Ada Lind of Acme"} <= {
        event.title for event in of_birch
    }
    of_ada, _ = account_queries.timeline(at_work.manager, at_work.acme.id, contact_id=ada.id)
    assert [event.title for event in of_ada].count("Call with Bo") == 1
    assert [event.kind for event in of_ada].count("contact.merged") == 1


def test_a_person_chooses_the_account_and_each_value_that_stays(at_work, ada, bo):
    add_task(actor=at_work.manager, at=MORNING, title="Ask Ada", contact=ada)
    merge(at_work, ada, bo, account_id="loser", email="loser", name="loser", is_champion="loser")
    ada.refresh_from_db()
    assert (ada.name, ada.account_id, ada.email) == ("Bo Hart", at_work.birch.id, bo.email)
    assert (ada.is_champion, ada.is_detractor) == (False, True)
    assert Task.objects.get(title="Ask Ada").account_id == at_work.birch.id
    place = ContactAlias.objects.get()
    assert (place.account_id, place.email) != (ada.account_id, ada.email)
    assert place.account_id == at_work.acme.id


def test_who_left_one_customer_has_not_left_the_other(at_work, ada, twin, bo):
    Contact.objects.filter(id__in=(twin.id, bo.id)).update(left_on=date(2026, 1, 31))
    merge(at_work, ada, bo)
    assert Contact.objects.get(id=ada.id).left_on is None
    merge(at_work, ada, twin)
    assert Contact.objects.get(id=ada.id).left_on == date(2026, 1, 31)


def test_an_address_that_a_third_contact_has_is_refused_by_name(at_work, ada, bo):
    ContactFactory.create(account=at_work.acme, name="Cara", email=bo.email)
    with pytest.raises(ValidationError, match="Cara at Acme has the e-mail address"):
        merge(at_work, ada, bo, email="loser")
    assert Contact.objects.filter(id=bo.id).exists()
    merge(at_work, ada, bo)


def test_segments_and_custom_fields_follow(at_work, ada, twin):
    create_segment(
        actor=at_work.manager, at=MORNING, name="All", subject="contact",
        condition={"not": {"field": "name", "op": "is", "value": "Bo"}},
    )  # fmt: skip
    define_field(actor=at_work.owner, at=MORNING, subject="contact", label="Tier", kind="text")
    define_field(actor=at_work.owner, at=MORNING, subject="contact", label="Seat", kind="text")
    values = {ada.id: {"tier": "one"}, twin.id: {"tier": "two", "seat": "4"}}
    set_values(actor=at_work.owner, at=MORNING, subject="contact", values=values)
    ContactMembership.objects.filter(contact=twin).update(entered_at=MORNING - timedelta(days=9))
    before = contents()
    merged = merge(at_work, ada, twin)
    assert {(v.field.label, v.text) for v in ContactValue.objects.filter(subject=ada)} == {
        ("Tier", "one"),
        ("Seat", "4"),
    }
    [membership] = ContactMembership.objects.filter(contact=ada)
    assert membership.entered_at == MORNING - timedelta(days=9)
    undo(at_work, merged)
    assert contents() == before


def test_a_file_that_names_the_one_that_went_finds_the_other(at_work, ada, twin, bo, tmp_path):
    def bring(text):
        path = tmp_path / "contacts.csv"
        path.write_text("id,account_id,email,name,title,tags\n" + text)
        [run] = import_files([path], actor=at_work.owner, wishes=Wishes(kind="contacts"))
        return run.counts

    Contact.objects.filter(id=ada.id).update(external_id="a-1")
    Contact.objects.filter(id=bo.id).update(email="bo@x.example")
    merge(at_work, ada, twin)
    merge(at_work, ada, bo)
    count = Contact.objects.count()
    rows = (
        "a-1,acme,ada@x.example,Ada Lind,COO,\n"
        "t-1,acme,,A. Lind,Nobody,New\n"
        "b-9,birch,bo@x.example,Bo,Nobody,New\n"
    )
    assert bring(rows) == {"updated": 1, "unchanged": 2}
    assert bring(rows) == {"unchanged": 3}
    ada.refresh_from_db()
    assert (ada.title, ada.email, ada.account_id) == ("COO", "ada@x.example", at_work.acme.id)
    assert not ContactTag.objects.exists()
    assert Contact.objects.count() == count
    # Who gets an address anew is another person.
    fresh = ContactFactory.create(account=at_work.birch, email="bo@x.example", external_id="b-9")
    assert bring(rows) == {"updated": 1, "unchanged": 2}
    fresh.refresh_from_db()
    assert fresh.title == "Nobody"


def test_contacts_that_meet_as_their_accounts_are_merged_keep_both_ids(at_work, tmp_path):
    for account, key in ((at_work.acme, "a-1"), (at_work.birch, "b-1")):
        same = ContactFactory.create(account=account, email="x@x.example", external_id=key)
        call(at_work, same, f"Call {key}")
    before = contents()
    merged = actions.merge_accounts(
        actor=at_work.manager, at=MORNING, winner_id=at_work.acme.id, loser_id=at_work.birch.id
    )
    stays = Contact.objects.get(email="x@x.example")
    path = tmp_path / "contacts.csv"
    rows = "a-1,acme,x@x.example,X\nb-1,birch,x@x.example,Y\n"
    path.write_text("id,account_id,email,name\n" + rows)
    for expected in ({"updated": 1, "unchanged": 1}, {"unchanged": 2}):
        [run] = import_files([path], actor=at_work.owner, wishes=Wishes(kind="contacts"))
        assert run.counts == expected
    events, _ = account_queries.timeline(
        at_work.manager, at_work.acme.id, contact_id=stays.id, kind="call"
    )
    assert {event.title for event in events} == {"Call a-1", "Call b-1"}
    undo(at_work, merged)
    changed = {label for label, rows in contents().items() if rows != before[label]}
    by_the_files = {"Contact", "Event", "ImportRow", "ImportRun", "ImportSet", "ImportPiece"}
    assert changed <= {f"accounts.{name}" for name in by_the_files}
    assert set(Contact.objects.filter(email="x@x.example").values_list("external_id")) == {
        ("a-1",),
        ("b-1",),
    }


def test_merges_of_accounts_and_of_their_contacts_are_undone_in_reverse_order(at_work, ada, bo):
    before = contents()
    people = merge(at_work, ada, bo)
    companies = actions.merge_accounts(
        actor=at_work.manager, at=MORNING, winner_id=at_work.acme.id, loser_id=at_work.birch.id
    )
    with pytest.raises(ValidationError, match="account Birch was merged since"):
        undo(at_work, people)
    undo(at_work, companies)
    undo(at_work, people)
    assert contents() == before
    companies = actions.merge_accounts(
        actor=at_work.manager, at=MORNING, winner_id=at_work.acme.id, loser_id=at_work.birch.id
    )
    people = merge(at_work, ada, bo)
    with pytest.raises(ValidationError, match="contact Bo Hart was merged since"):
        undo(at_work, companies)
    undo(at_work, people)
    undo(at_work, companies)
    assert contents() == before


def test_three_become_one_and_three_again_the_last_first(at_work, ada, twin, bo):
    before = contents()
    first = merge(at_work, twin, bo)
    second = merge(at_work, ada, twin)
    places = ContactAlias.objects.filter(contact=ada).values_list("account_id", "email")
    assert set(places) == {(at_work.birch.id, bo.email), (at_work.acme.id, bo.email)}
    with pytest.raises(ValidationError, match="merged into Ada Lind since"):
        undo(at_work, first)
    undo(at_work, second)
    undo(at_work, first)
    assert contents() == before
    with pytest.raises(ValidationError, match="already"):
        undo(at_work, first)


def test_what_was_deleted_since_does_not_come_back_with_an_undo(at_work, ada, twin):
    tag = create_tag(actor=at_work.manager, at=MORNING, name="VIP")
    for contact in (ada, twin):
        tag_contacts(actor=at_work.manager, at=MORNING, contact_ids=[contact.id], tag_ids=[tag.id])
    create_segment(
        actor=at_work.manager, at=MORNING, name="All", subject="contact",
        condition={"not": {"field": "name", "op": "is", "value": "Bo"}},
    )  # fmt: skip
    merged = merge(at_work, ada, twin)
    Tag.objects.all().delete()
    Segment.objects.all().delete()
    undo(at_work, merged)
    assert Contact.objects.filter(id=twin.id).exists()
    assert not ContactTag.objects.exists()
    assert not ContactMembership.objects.exists()


def test_what_was_written_to_the_one_that_stays_stays_there(at_work, ada, twin):
    merged = merge(at_work, ada, twin)
    Contact.objects.filter(id=ada.id).update(title="CEO", phone="+2")
    call(at_work, ada, "Later call")
    add_task(actor=at_work.manager, at=MORNING, title="Later", contact=ada)
    undo(at_work, merged)
    ada.refresh_from_db()
    assert (ada.title, ada.phone, ada.external_id) == ("CEO", "+2", None)
    assert Event.objects.get(title="Later call").subject_id == ada.id
    assert Task.objects.get(title="Later").contact_id == ada.id
    told = Event.objects.filter(kind="contact.merge_undone").values_list("subject_id", flat=True)
    assert set(told) == {ada.id, twin.id}
    for event in Event.objects.filter(kind__startswith="contact.merge"):
        compute_anew(event.id)


def test_an_id_given_anew_stands_in_the_way_of_an_undo_and_says_so(at_work, ada, twin):
    Contact.objects.filter(id=ada.id).update(external_id="a-1")
    merged = merge(at_work, ada, twin)
    ContactFactory.create(account=at_work.elm, external_id="t-1")
    with pytest.raises(ValidationError, match="cannot be undone"):
        undo(at_work, merged)
    assert ContactAlias.objects.filter(external_id="t-1").exists()


KINDS = st.sampled_from(["tag", "task", "answer", "call", "named", "segment", "value"])
SIDES = st.sampled_from(["winner", "loser"])


def grow(cast, kind, contact, variant):
    def tag():
        made, _ = Tag.objects.get_or_create(
            key=f"t{variant}", defaults={"name": f"T{variant}", "created_at": MORNING}
        )
        tag_contacts(actor=cast.manager, at=MORNING, contact_ids=[contact.id], tag_ids=[made.id])

    {
        "tag": tag,
        "task": lambda: add_task(actor=cast.manager, at=MORNING, title="T", contact=contact),
        "answer": lambda: SurveyAnswerFactory.create(
            account=contact.account, contact=contact, score=variant
        ),
        "call": lambda: call(cast, contact, f"Call {variant}"),
        "named": lambda: Event.objects.create(
            account=contact.account, kind="segment.entered", occurred_at=MORNING, actor_name="-",
            title="-", payload={"contact": contact.id, "n": 0.1 * variant},
        ),
        "segment": lambda: create_segment(
            actor=cast.manager, at=MORNING, name=f"S{Segment.objects.count()}", subject="contact",
            condition={"field": "name", "op": "is", "value": contact.name},
        ),
        "value": lambda: set_values(
            actor=cast.owner, at=MORNING, subject="contact",
            values={contact.id: {"tier": f"{variant}"}},
        ),
    }[kind]()  # fmt: skip


@settings(max_examples=25)
@given(
    rows=st.lists(st.tuples(KINDS, SIDES, st.integers(0, 3)), max_size=10),
    same_account=st.booleans(),
    ids=st.tuples(st.sampled_from([None, "x"]), st.sampled_from([None, "y"])),
    sides=st.dictionaries(st.sampled_from(["name", "account_id", "email", "external_id"]), SIDES),
)
def test_merge_then_undo_gives_back_every_byte(at_work, rows, same_account, ids, sides):
    with transaction.atomic():
        define_field(actor=at_work.owner, at=MORNING, subject="contact", label="Tier", kind="text")
        other = at_work.acme if same_account else at_work.birch
        pair = {
            "winner": ContactFactory.create(account=at_work.acme, external_id=ids[0]),
            "loser": ContactFactory.create(account=other, external_id=ids[1]),
        }
        for kind, side, variant in rows:
            grow(at_work, kind, pair[side], variant)
        before = contents()
        merged = merge(at_work, pair["winner"], pair["loser"], **sides)
        assert not Contact.objects.filter(id=pair["loser"].id).exists()
        undo(at_work, merged)
        after = contents()
        assert {label for label in before if before[label] != after[label]} == set()
        transaction.set_rollback(True)


def test_who_may_not_edit_may_not_merge_and_neither_may_two_that_do_not_fit(at_work, ada, bo):
    with pytest.raises(PermissionDenied):
        merge_contacts(actor=at_work.member, at=MORNING, winner_id=ada.id, loser_id=bo.id)
    with pytest.raises(ValidationError, match="itself"):
        merge(at_work, ada, ada)
    Contact.objects.filter(id=bo.id).update(is_sample=True)
    with pytest.raises(ValidationError, match="sample data"):
        merge(at_work, ada, bo)
    Contact.objects.filter(id=bo.id).delete()
    with pytest.raises(ValidationError, match="not there"):
        merge(at_work, ada, bo)


def test_who_may_be_the_same_is_found_by_address_and_by_name_at_one_account(at_work, ada, bo):
    guest = ContactFactory.create(account=at_work.birch, name="Ada L", email=ada.email)
    again = ContactFactory.create(account=at_work.acme, name="ADA LIND", email="")
    ContactFactory.create(account=at_work.elm, name="Ada Lind", email="")
    [alike], following = possible_duplicate_contacts(at_work.manager, "email")
    assert (alike.value, alike.count, list(alike.rows)) == (ada.email, 2, [ada, guest])
    [alike], _ = possible_duplicate_contacts(at_work.manager, "name")
    assert (alike.value, alike.count, list(alike.rows)) == ("Ada Lind at Acme", 2, [ada, again])
    after = f"{at_work.acme.id}:ada lind"
    assert possible_duplicate_contacts(at_work.manager, "name", after) == ([], "")
    assert contacts_like(at_work.manager, ada) == [guest, again]
    assert contacts_like(at_work.manager, bo) == []
    assert following == ""


def test_from_the_page_by_preview_and_back(cast, sign_in):
    client = sign_in(cast.manager)
    with cast.at_work():
        ada, bo = (Contact.objects.get(name=name) for name in ("Ada Lind", "Bo Hart"))
        Contact.objects.filter(id=bo.id).update(email=ada.email)
    page = reverse("accounts:contact", args=[ada.id])
    preview = reverse("accounts:contact_merge", args=[ada.id, bo.id])
    text = client.get(page).content.decode()
    assert "Perhaps the same person" in text
    assert preview in text
    choose = reverse("accounts:contact_merge_choose", args=[ada.id])
    assert client.post(choose, {"other": bo.id}).headers["Location"] == preview
    assert client.post(choose, {"other": ada.id}).status_code == 422
    offered = client.get(reverse("accounts:contact_options"), {"q": "bo"}).json()
    assert offered == [{"value": str(bo.id), "text": f"Bo Hart (Birch, {ada.email})"}]
    for address in ("accounts:contact_duplicates", "accounts:contacts"):
        assert (
            reverse("accounts:contact_duplicates") in client.get(reverse(address)).content.decode()
        )
    text = client.get(preview).content.decode()
    assert "The two are at different accounts" in text
    assert 'name="account_id" value="loser"' in text
    client.post(preview, {"name": "loser"})
    text = client.get(page).content.decode()
    assert "Bo Hart was merged into this contact" in text
    old = client.get(reverse("accounts:contact", args=[bo.id]))
    assert old.headers["Location"] == page
    with cast.at_work():
        merged = Merge.objects.get()
        assert queries.merged_into(cast.manager, CONTACTS, bo.id) == ada.id
        assert queries.merged_into(cast.manager, ACCOUNTS, bo.id) is None
    address = reverse("accounts:merge_undo", args=[merged.id])
    assert "a contact of their own" in client.get(address).content.decode()
    assert client.post(address).headers["Location"] == reverse("accounts:contact", args=[bo.id])
    assert client.get(reverse("accounts:contact_merge", args=[ada.id, 10**9])).status_code == 404
    assert sign_in(cast.stranger).get(preview).status_code == 404
