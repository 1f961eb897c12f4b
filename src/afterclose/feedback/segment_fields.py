"""What conditions of segments can ask about survey answers."""

from __future__ import annotations

from afterclose.feedback.models import Survey, SurveyAnswer
from afterclose.segments import fields, touched
from afterclose.segments.fields import ONLY, Derived, Field, Own, Relation, Type, fixed

GROUP = "Surveys"


def _last(what: str, survey: Survey) -> Derived:
    """A column of the last answer to a survey."""
    return Derived(
        f"SELECT DISTINCT ON (f.account_id) f.account_id AS subject_id, f.{what} AS value"  # noqa: S608 - constants
        " FROM feedback_surveyanswer f WHERE f.business_id = %(business)s"
        f" AND f.survey = '{survey.value}' AND {ONLY.format('f.account_id')}"
        " ORDER BY f.account_id, f.answered_at DESC, f.id DESC"
    )


def register() -> None:
    """Called as the product starts."""
    for survey in Survey:
        fields.register(
            Field(survey.value, f"Last {survey.label} score", GROUP, Type.NUMBER,
                  _last("score", survey)),
            Field(f"{survey.value}_answered", f"Last {survey.label} answer", GROUP, Type.INSTANT,
                  _last("answered_at", survey)),
        )  # fmt: skip
    rows = [
        Field("survey", "Survey", "", Type.CHOICE, Own("survey"), subject="row",
              choices=fixed(Survey.choices)),
        Field("score", "Score", "", Type.NUMBER, Own("score"), subject="row"),
        Field("comment", "Comment", "", Type.TEXT, Own("comment"), subject="row"),
        Field("answered_at", "Answered", "", Type.INSTANT, Own("answered_at"), subject="row"),
    ]  # fmt: skip
    fields.register_relation(
        Relation(
            "answers", "Survey answers", SurveyAnswer, rows, on="answered_at", on_is_instant=True
        )
    )
    touched.register(SurveyAnswer)
