"""Groups of accounts: the tree stays a tree, and what it adds up to (docs/numbers/hierarchy.md)."""

from itertools import pairwise
from random import Random

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from afterclose.accounts import actions, queries
from afterclose.accounts.hierarchy.models import AwaitedParent
from afterclose.accounts.hierarchy.tree import MAX_LEVELS, group_ids, too_deep
from afterclose.accounts.imports.command import Wishes, import_files
from afterclose.accounts.models import Account, Event
from tests.factories import MORNING, AccountFactory


def put(cast, child, parent):
    actions.change_account(actor=cast.manager, at=MORNING, account_id=child.id, parent=parent)


def names(account):
    group = Account.objects.filter(pk__in=group_ids(account.id))
    return sorted(group.values_list("name", flat=True))


def test_a_group_is_the_account_and_everything_under_it(at_work):
    put(at_work, at_work.birch, at_work.acme)
    put(at_work, at_work.cedar, at_work.birch)
    put(at_work, at_work.dune, at_work.acme)
    assert names(at_work.acme) == ["Acme", "Birch", "Cedar", "Dune"]
    assert names(at_work.birch) == ["Birch", "Cedar"]
    assert queries.group_size(at_work.manager, at_work.acme.id) == 4
    assert queries.group_size(at_work.manager, at_work.elm.id) == 1
    told = Event.objects.get(kind="parent.changed", account=at_work.birch)
    assert told.title == "Is part of Acme"


def test_an_account_cannot_come_under_itself(at_work):
    put(at_work, at_work.birch, at_work.acme)
    put(at_work, at_work.cedar, at_work.birch)
    for child, parent in ((at_work.acme, at_work.acme), (at_work.acme, at_work.cedar)):
        with pytest.raises(ValidationError) as refused:
            put(at_work, child, parent)
        assert "parent" in refused.value.message_dict
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(id=at_work.acme.id).update(parent_id=at_work.acme.id)


def test_a_tree_has_ten_levels_at_most(at_work):
    chain = [AccountFactory.create(name=f"Level {n}") for n in range(MAX_LEVELS)]
    for upper, lower in pairwise(chain):
        put(at_work, lower, upper)
    with pytest.raises(ValidationError, match="at most 10 levels"):
        put(at_work, chain[0], at_work.acme)
    with pytest.raises(ValidationError, match="at most 10 levels"):
        put(at_work, at_work.acme, chain[-1])
    with pytest.raises(ValidationError, match="at most 10 levels"), transaction.atomic():
        actions.create_account(actor=at_work.manager, at=MORNING, name="Deep", parent=chain[-1])
    assert len(names(chain[0])) == MAX_LEVELS


def test_a_circle_in_the_rows_neither_hangs_a_walk_nor_goes_unseen(at_work):
    Account.objects.filter(id=at_work.acme.id).update(parent_id=at_work.birch.id)
    Account.objects.filter(id=at_work.birch.id).update(parent_id=at_work.acme.id)
    assert names(at_work.acme) == ["Acme", "Birch"]
    assert too_deep([at_work.acme.id, at_work.cedar.id]) == {at_work.acme.id}


def test_parents_set_at_random_leave_a_tree_as_a_plain_walk_does(at_work):
    dice = Random(11)
    accounts = at_work.accounts
    parent_of = {}
    for _ in range(60):
        child, parent = dice.choice(accounts), dice.choice([*accounts, None])
        above = []
        upwards = parent
        while upwards is not None:
            above.append(upwards.id)
            upwards = parent_of.get(upwards.id)
        if child.id in above:
            with pytest.raises(ValidationError):
                put(at_work, child, parent)
        else:
            put(at_work, child, parent)
            parent_of[child.id] = parent
    stored = dict(Account.objects.filter(parent__isnull=False).values_list("id", "parent_id"))
    assert stored == {key: each.id for key, each in parent_of.items() if each is not None}


@pytest.fixture
def bring(at_work, tmp_path):
    def bring(text):
        path = tmp_path / "file.csv"
        path.write_text(text)
        [run] = import_files([path], actor=at_work.owner, wishes=Wishes(kind="accounts"))
        return run.counts

    return bring


def test_a_file_names_parents_in_any_order_and_twice_changes_nothing(at_work, bring):
    text = "id,name,parent_id\nkid,Kid,top\ntop,Top,\nacme,Acme,kid\n"
    assert bring(text) == {"created": 2, "updated": 1}
    kid = Account.objects.get(external_id="kid")
    assert kid.parent.external_id == "top"
    assert Account.objects.get(id=at_work.acme.id).parent == kid
    assert not AwaitedParent.objects.exists()
    assert bring(text) == {"unchanged": 3}


def test_a_parent_that_is_not_here_is_awaited(at_work, bring):
    bring("id,name,parent_id\nacme,Acme,later\n")
    assert AwaitedParent.objects.get().external_id == "later"
    bring("id,name\nlater,Later Ltd\n")
    assert Account.objects.get(id=at_work.acme.id).parent.name == "Later Ltd"
    assert not AwaitedParent.objects.exists()


def test_a_file_that_closes_a_circle_is_told_on_the_accounts(at_work, bring):
    put(at_work, at_work.cedar, at_work.acme)
    bring("id,name,parent_id\nacme,Acme,cedar\nbirch,Birch,acme\nelm,Elm,elm\n")
    assert Account.objects.get(id=at_work.acme.id).parent is None
    problem = AwaitedParent.objects.get(account=at_work.acme)
    assert "circle" in problem.problem


def test_what_a_person_decides_outranks_what_an_import_waits_for(at_work, bring):
    bring("id,name,parent_id\nacme,Acme,later\n")
    put(at_work, at_work.acme, at_work.birch)
    bring("id,name\nlater,Later Ltd\n")
    assert Account.objects.get(id=at_work.acme.id).parent_id == at_work.birch.id


def test_the_page_shows_the_group_and_the_form_chooses_the_parent(cast, sign_in):
    client = sign_in(cast.manager)
    edit = reverse("accounts:edit", args=[cast.birch.id])
    form = client.get(edit).context["form"]
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    client.post(edit, {**values, "parent": cast.acme.id})
    panel = client.get(reverse("accounts:group_panel", args=[cast.acme.id])).content.decode()
    assert "Birch" in panel
    assert "ARR of the group" in panel
    assert "Acme" in client.get(edit).content.decode()
    wrong = client.post(
        reverse("accounts:edit", args=[cast.acme.id]),
        {
            "name": "Acme",
            "stage": "active",
            "parent": cast.birch.id,
        },
    )
    assert wrong.status_code == 422
    listed = client.get(reverse("accounts:list"), {"group": cast.acme.id}).content.decode()
    assert 'data-list-count="2"' in listed
    foreign = client.post(edit, {**values, "parent": cast.foreign.id})
    assert foreign.status_code == 422
