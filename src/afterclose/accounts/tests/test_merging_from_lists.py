"""Two rows that are ticked in a list are merged from there."""

import pytest
from django.urls import reverse

from afterclose.accounts.models import Contact


@pytest.fixture
def ids(cast):
    with cast.at_work():
        people = Contact.objects.order_by("id").values_list("id", flat=True)
        return {"accounts:list": [cast.acme.id, cast.birch.id], "accounts:contacts": [*people[:2]]}


@pytest.mark.parametrize(
    ("page", "merge"),
    [("accounts:list", "accounts:merge"), ("accounts:contacts", "accounts:contact_merge")],
)
def test_exactly_two_lead_to_their_comparison_the_older_one_first(cast, sign_in, ids, page, merge):
    client, address = sign_in(cast.manager), reverse(page)
    two = ids[page]
    text = client.get(address).content.decode()
    assert 'value="merge" data-list-exactly="2" data-list-key="m"' in text
    assert "<kbd>m</kbd>" in text
    asked = client.post(address, {"bulk": "merge", "ids": [two[1], two[0]], "query": ""})
    assert (asked.status_code, asked.headers["Location"]) == (302, reverse(merge, args=two))
    one = client.post(address, {"bulk": "merge", "ids": two[:1], "query": ""})
    assert one.status_code == 400
    assert "takes exactly 2" in one.content.decode()
    assert "1 is selected" in one.content.decode()


def test_it_is_not_on_offer_to_who_may_not_edit(cast, sign_in, ids):
    client, address = sign_in(cast.member), reverse("accounts:contacts")
    assert 'value="merge"' not in client.get(address).content.decode()
    asked = {"bulk": "merge", "ids": ids["accounts:contacts"], "query": ""}
    assert client.post(address, asked).status_code == 403
