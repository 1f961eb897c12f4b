"""The sentences behind a score say the inputs, with the number of answers."""

from datetime import date

import pytest

from afterclose.health import scoring
from afterclose.health.narratives import LABELS, MISSING, narrative
from afterclose.health.scoring import Component

ON = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        (scoring.usage(0), "Active on the day"),
        (scoring.usage(1), "Last activity 1 day ago"),
        (scoring.usage(33), "Last activity 33 days ago"),
        (scoring.support(0, 0, 0), "No open ticket"),
        (scoring.support(3, 41, 0), "3 open tickets, oldest 41 days"),
        (scoring.support(1, 1, 1), "1 open ticket, oldest 1 day; reopened 1 time in 30 days"),
        (scoring.sentiment("nps", 9, 6, 2), "NPS 44.4 from 9 answers in 180 days"),
        (scoring.sentiment("nps", 1, 0, 1), "NPS −100 from 1 answer in 180 days"),
        (scoring.sentiment("csat", 9, 6, 3), "CSAT 66.7 % from 9 answers in 180 days"),
        (scoring.sentiment("contacts", 2, 1, 1), "1 champion and 1 detractor among contacts"),
        (scoring.contract("period", 33), "The current period ends in 33 days, on Apr 4, 2026"),
        (scoring.contract("period", 0), "The current period ends on the day, Mar 2, 2026"),
        (scoring.contract("ended", -1), "The last subscription ended 1 day ago, on Mar 1, 2026"),
        (
            scoring.contract("renewal", 10),
            "The contract, by the renewal date set by hand, ends in 10 days, on Mar 12, 2026",
        ),
    ],
)
def test_each_component_is_told_in_one_sentence(component: Component, expected: str) -> None:
    assert narrative(component, ON) == expected


def test_every_component_has_a_label_and_words_for_being_absent() -> None:
    assert set(LABELS) == set(MISSING) == set(scoring.COMPONENTS)
