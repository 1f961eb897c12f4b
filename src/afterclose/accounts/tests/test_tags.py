"""Tags: their names, putting and taking them set-wise, the lists' filter, import, the pages."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import QueryDict
from django.urls import reverse
from hypothesis import given, strategies as st

from afterclose.accounts.lists import AccountList, ContactList
from afterclose.accounts.models import AccountTag, Contact, ContactTag, Event, Tag
from afterclose.accounts.tags import actions, queries
from afterclose.accounts.tags.lists import TagList
from afterclose.accounts.tags.naming import BadTagError, key_of, split_names
from afterclose.businesses.models import AuditEntry
from afterclose.ui.lists.context import ListContext
from afterclose.ui.lists.page import ListPage
from afterclose.ui.lists.testing import assert_list_works
from tests.factories import MONDAY, MORNING, ContactFactory


def tag(cast, name, tone="neutral"):
    return actions.create_tag(actor=cast.manager, at=MORNING, name=name, tone=tone)


def put(cast, accounts, *tags):
    return actions.tag_accounts(
        actor=cast.manager,
        at=MORNING,
        account_ids=[account.id for account in accounts],
        tag_ids=[each.id for each in tags],
    )


def found(cast, query):
    page = ListPage(AccountList(ListContext(cast.manager, MONDAY)), QueryDict(query), "/accounts/")
    assert not page.problems
    return [row["name"] for row in page.found.order_by("name_key").values("name")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("VIP, EMEA; beta", ["VIP", "EMEA", "beta"]),
        ("  two   words , vip,VIP", ["two words", "vip"]),
        ("a|b\nc", ["a", "b", "c"]),
        (" ,; ", []),
    ],
)
def test_a_cell_lists_tags_in_any_of_the_usual_ways(text, names):
    assert split_names(text) == names


def test_a_tag_that_is_too_long_is_refused():
    with pytest.raises(BadTagError, match="1 to 60"):
        split_names("x" * 61)


@given(st.lists(st.text(st.characters(exclude_characters=",;|\n\x00"), max_size=20), max_size=6))
def test_each_tag_comes_once_whatever_its_case(names):
    keys = [key_of(name) for name in split_names(",".join(names))]
    assert len(keys) == len(set(keys))
    assert set(keys) == {key_of(name) for name in names if name.strip()}


def test_a_tag_is_one_whatever_the_case(at_work):
    tag(at_work, "Straße")
    with pytest.raises(ValidationError, match="already"):
        tag(at_work, "STRASSE")


def test_tagging_twice_changes_nothing_and_tells_nothing(at_work):
    vip = tag(at_work, "VIP")
    assert put(at_work, [at_work.acme, at_work.birch], vip) == 2
    assert put(at_work, [at_work.acme, at_work.birch, at_work.cedar], vip) == 1
    assert put(at_work, [at_work.acme], vip) == 0
    told = Event.objects.filter(kind="account.tagged").order_by("account_id")
    assert [event.account_id for event in told] == [
        at_work.acme.id,
        at_work.birch.id,
        at_work.cedar.id,
    ]
    assert told[0].title == "Tagged VIP"
    assert AuditEntry.objects.filter(verb="account.tagged").count() == 2
    assert AccountTag.objects.get(account=at_work.acme).by_id == at_work.manager.membership_id


def test_tags_of_another_business_are_passed_over(cast):
    with cast.elsewhere():
        theirs = actions.create_tag(actor=cast.stranger, at=MORNING, name="Theirs")
    with cast.at_work():
        assert put(cast, [cast.acme, cast.foreign], theirs) == 0
        ours = tag(cast, "Ours")
        assert put(cast, [cast.foreign], ours) == 0


def test_a_contact_is_tagged_on_the_timeline_of_its_account(at_work):
    contact = Contact.objects.get(account=at_work.acme)
    sponsor = tag(at_work, "Sponsor")
    actions.tag_contacts(
        actor=at_work.manager, at=MORNING, contact_ids=[contact.id], tag_ids=[sponsor.id]
    )
    event = Event.objects.get(kind="contact.tagged")
    assert (event.account_id, event.title) == (at_work.acme.id, "Ada Lind: tagged Sponsor")
    actions.untag_contacts(
        actor=at_work.manager, at=MORNING, contact_ids=[contact.id], tag_ids=[sponsor.id]
    )
    assert not ContactTag.objects.exists()


def test_merging_tags_keeps_each_account_once_and_the_older_date(at_work):
    old, new = tag(at_work, "V.I.P."), tag(at_work, "VIP")
    put(at_work, [at_work.acme, at_work.birch], old)
    put(at_work, [at_work.birch, at_work.cedar], new)
    earlier = MORNING.replace(year=MORNING.year - 1)
    AccountTag.objects.filter(tag=old).update(at=earlier)
    actions.merge_tags(actor=at_work.admin, at=MORNING, tag_ids=[old.id, new.id], into_id=new.id)
    links = dict(AccountTag.objects.values_list("account__name", "at"))
    assert links == {"Acme": earlier, "Birch": earlier, "Cedar": MORNING}
    assert [each.name for each in Tag.objects.all()] == ["VIP"]


def test_a_manager_neither_merges_nor_deletes(at_work):
    vip = tag(at_work, "VIP")
    with pytest.raises(PermissionDenied):
        actions.delete_tags(actor=at_work.manager, at=MORNING, tag_ids=[vip.id])
    with pytest.raises(PermissionDenied):
        actions.merge_tags(actor=at_work.manager, at=MORNING, tag_ids=[vip.id], into_id=vip.id)
    with pytest.raises(PermissionDenied):
        actions.tag_accounts(actor=at_work.member, at=MORNING, account_ids=[1], tag_ids=[vip.id])
    assert actions.delete_tags(actor=at_work.admin, at=MORNING, tag_ids=[vip.id]) == 1


def test_the_list_filters_by_any_all_and_none_of_tags(at_work):
    vip, beta = tag(at_work, "VIP"), tag(at_work, "Beta")
    put(at_work, [at_work.acme, at_work.birch], vip)
    put(at_work, [at_work.birch, at_work.cedar], beta)
    both = f"tag={vip.id}&tag={beta.id}"
    assert found(at_work, both) == ["Acme", "Birch", "Cedar"]
    assert found(at_work, f"{both}&tag_match=all") == ["Birch"]
    assert found(at_work, f"{both}&tag_match=not") == ["Dune", "Elm"]
    assert found(at_work, "tag=none") == ["Dune", "Elm"]
    assert found(at_work, f"tag=none&tag={vip.id}") == ["Acme", "Birch", "Dune", "Elm"]
    assert found(at_work, "tag=none&tag_match=not") == ["Acme", "Birch", "Cedar"]
    assert found(at_work, f"tag=none&tag={vip.id}&tag_match=all") == []


def test_an_unknown_way_of_matching_is_named(at_work):
    page = ListPage(
        AccountList(ListContext(at_work.manager, MONDAY)),
        QueryDict("tag=1&tag_match=some"),
        "/accounts/",
    )
    assert "not a way to match" in str(page.problems)


@pytest.mark.parametrize("list_class", [AccountList, ContactList, TagList])
def test_the_lists_work_with_tags(at_work, list_class):
    vip = tag(at_work, "VIP", "good")
    put(at_work, at_work.accounts, vip)
    assert_list_works(list_class, at_work.owner, today=date(2026, 3, 2))


def test_the_tag_manager_counts_what_its_links_open(cast, sign_in):
    with cast.at_work():
        vip = tag(cast, "VIP")
        put(cast, [cast.acme, cast.birch], vip)
        [row] = queries.tags(cast.manager)
        assert (row.accounts, row.contacts) == (2, 0)
    client = sign_in(cast.manager)
    text = client.get(reverse("accounts:tags")).content.decode()
    link = f"{reverse('accounts:list')}?tag={vip.id}"
    assert link in text
    assert 'data-list-count="2"' in client.get(link).content.decode()


def test_the_tags_of_an_account_are_changed_on_its_page(cast, sign_in):
    with cast.at_work():
        vip = tag(cast, "VIP")
        put(cast, [cast.acme], vip)
    client = sign_in(cast.manager)
    address = reverse("accounts:account_tags", args=[cast.acme.id])
    client.post(address, {"tags": [], "new": "EMEA, key account"})
    with cast.at_work():
        assert [t.name for t in queries.tags_of_account(cast.manager, cast.acme.id)] == [
            "EMEA",
            "key account",
        ]
    page = client.get(reverse("accounts:detail", args=[cast.acme.id])).content.decode()
    assert "key account" in page
    wrong = client.post(address, {"new": "x" * 70})
    assert wrong.status_code == 422
    client.post(address, {})
    with cast.at_work():
        assert not AccountTag.objects.exists()


def test_many_rows_are_tagged_from_the_list_after_a_preview(cast, sign_in):
    client = sign_in(cast.manager)
    preview = client.post(reverse("accounts:list"), {"bulk": "tag", "all": "1"})
    assert b'name="confirmed" value="5"' in preview.content
    client.post(
        reverse("accounts:list"), {"bulk": "tag", "all": "1", "confirmed": "5", "new": "Spring"}
    )
    with cast.at_work():
        spring = Tag.objects.get(name="Spring")
        assert AccountTag.objects.filter(tag=spring).count() == 5
    filtered = f"tag={spring.id}"
    client.post(
        reverse("accounts:list"),
        {
            "bulk": "untag",
            "all": "1",
            "confirmed": "5",
            "query": filtered,
            "tags": [spring.id],
        },
    )
    with cast.at_work():
        assert not AccountTag.objects.exists()


def test_a_contact_gets_tags_on_the_account_page(cast, sign_in):
    with cast.at_work():
        contact = ContactFactory.create(account=cast.acme, name="Gus Hale")
    client = sign_in(cast.manager)
    client.post(
        reverse("accounts:contact_tags", args=[cast.acme.id, contact.id]), {"new": "Speaker"}
    )
    panel = client.get(reverse("accounts:contacts_panel", args=[cast.acme.id]))
    assert b"Speaker" in panel.content
    elsewhere = reverse("accounts:contact_tags", args=[cast.birch.id, contact.id])
    assert client.post(elsewhere, {"new": "x"}).status_code == 404
