"""What the usage panel of an account shows."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import DailyUsageFactory


@pytest.mark.parametrize(
    ("days_ago", "shown", "missing"),
    [(3, "Product events per day", "Not used"), (200, "Not used in the last 90 days", "per day")],
)
def test_use_is_drawn_and_where_there_is_none_it_says_so(days_ago, shown, missing, cast, sign_in):
    with cast.at_work():
        used_on = timezone.localdate() - timedelta(days=days_ago)
        DailyUsageFactory.create(account=cast.birch, used_on=used_on)
    page = sign_in(cast.manager).get(reverse("usage:panel", args=[cast.birch.id]))
    assert shown in page.content.decode()
    assert missing not in page.content.decode()
