"""Survey answers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from afterclose.accounts.models import Account, Contact
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class Survey(models.TextChoices):
    """What was asked; the scale follows from it: NPS 0-10, CSAT 1-5, CES 1-7."""

    NPS = "nps", "NPS"
    CSAT = "csat", "CSAT"
    CES = "ces", "CES"


class SurveyAnswer(TenantModel):
    """One person's answer to one survey."""

    account = TenantForeignKey(Account, on_delete=models.CASCADE, related_name="survey_answers")
    contact = TenantForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="survey_answers"
    )
    external_id = models.CharField(max_length=200, null=True, blank=True)
    survey = models.CharField(max_length=4, choices=Survey)
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField()
    is_sample = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "external_id"], name="survey_answer_external_id"
            ),
            models.CheckConstraint(
                condition=models.Q(survey=Survey.NPS, score__lte=10)
                | models.Q(survey=Survey.CSAT, score__gte=1, score__lte=5)
                | models.Q(survey=Survey.CES, score__gte=1, score__lte=7),
                name="survey_answer_on_scale",
            ),
        ]
        indexes: ClassVar = [
            models.Index("business", "account", "answered_at", name="survey_answer_recent")
        ]

    def __str__(self) -> str:
        return f"{self.survey} {self.score}"
