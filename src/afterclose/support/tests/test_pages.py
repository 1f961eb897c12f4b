from datetime import timedelta

import pytest
from django.urls import reverse

from afterclose.support import queries
from tests.factories import MORNING, TicketFactory


@pytest.mark.parametrize("name", ["support:tickets", "billing:subscriptions", "feedback:answers"])
def test_the_source_rows_can_be_listed_and_narrowed_to_an_account(cast, sign_in, name):
    client = sign_in(cast.manager)
    everything = client.get(reverse(name))
    narrowed = client.get(f"{reverse(name)}?account={cast.acme.id}")
    assert everything.status_code == narrowed.status_code == 200
    assert b"Birch" in everything.content
    assert reverse("accounts:detail", args=[cast.foreign.id]).encode() not in everything.content
    assert reverse("accounts:detail", args=[cast.birch.id]).encode() not in narrowed.content


def test_open_tickets_are_those_not_solved(at_work):
    open_ones = queries.tickets(at_work.manager).filter(queries.in_state(["open"]))
    assert {ticket.account_id for ticket in open_ones} == {at_work.birch.id}
    assert (
        queries.tickets(at_work.manager).filter(queries.in_state(["open", "solved"])).count() == 4
    )


def test_the_panel_counts_what_the_list_shows(at_work):
    figures = queries.account_tickets(at_work.manager, at_work.birch.id)
    assert (figures.open, figures.total) == (3, 3)
    assert figures.oldest_opened_at == MORNING - timedelta(days=15)


def test_a_ticket_without_a_known_account_is_listed_too(cast, sign_in):
    with cast.at_work():
        TicketFactory.create(account=None, subject="Who is this?")
    answer = sign_in(cast.manager).get(f"{reverse('support:tickets')}?account=none")
    assert b"Who is this?" in answer.content
    assert answer.content.count(b"<tr") == 2
