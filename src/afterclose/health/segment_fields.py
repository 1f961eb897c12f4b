"""What conditions of segments can ask about health."""

from __future__ import annotations

from afterclose.businesses.permissions import Right
from afterclose.health.models import Score
from afterclose.health.scoring import BUCKETS
from afterclose.segments import fields
from afterclose.segments.fields import ONLY, Choice, Derived, Field, History, One, Type

GROUP = "Health"


def _then(value: str, where: str = "TRUE") -> Derived:
    """Of the last day with scores up to ``days`` before today, at most a week earlier."""
    return Derived(
        f"""
        SELECT h.account_id AS subject_id, {value} AS value
          FROM health_snapshot h
         WHERE h.business_id = %(business)s AND {where} AND {ONLY.format("h.account_id")}
           AND h."on" = (SELECT max(d."on") FROM health_snapshot d
                          WHERE d.business_id = %(business)s
                            AND d."on" BETWEEN %(today)s - %(days)s - 7 AND %(today)s - %(days)s)
        """  # noqa: S608 - constants
    )


def _word(score: str) -> str:
    """The bucket of a score as SQL, from the same bounds as everywhere."""
    whens = " ".join(
        f"WHEN {score} >= {bucket.low} THEN '{bucket.slug}'"
        for bucket in BUCKETS
        if bucket.low is not None
    )
    lowest = next(bucket.slug for bucket in BUCKETS if bucket.low is None and bucket.high)
    return f"{whens} WHEN {score} IS NOT NULL THEN '{lowest}' ELSE 'none'"


def _choices() -> list[Choice]:
    return [
        Choice(bucket.slug, str(bucket.word), "no-data" if bucket.slug == "none" else "")
        for bucket in BUCKETS
    ]


def register() -> None:
    """Called as the product starts."""
    known = "CASE WHEN h.coverage > 0 THEN h.score END"
    fields.register(
        Field(
            "health_score", "Health score", GROUP, Type.NUMBER, One(Score, "score"),
            history=History(_then("h.score", "h.coverage > 0")), right=Right.HEALTH_VIEW,
        ),
        Field(
            "health", "Health", GROUP, Type.CHOICE,
            One(Score, f"CASE WHEN {{s}}.stage = 'churned' THEN NULL {_word('{t}.score')} END"),
            choices=_choices, right=Right.HEALTH_VIEW,
            history=History(_then(f"CASE {_word(f'({known})')} END")),
            help="Churned accounts have none.",
        ),
        Field("health_coverage", "Health coverage in percent", GROUP, Type.NUMBER,
              One(Score, "coverage"), right=Right.HEALTH_VIEW),
    )  # fmt: skip
