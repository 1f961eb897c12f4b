"""Forgetting answers that were kept long enough."""

from __future__ import annotations

from django.utils import timezone

from afterclose.businesses.api_keys.models import KeptAnswer
from afterclose.businesses.jobs import business_job, every_business
from afterclose.businesses.rest.idempotency import KEPT_FOR


@business_job("businesses.forget_answers_of_business")
def forget_answers_of_business(business_id: int, timestamp: int = 0) -> None:
    """Remove the answers to idempotent requests of more than a day ago."""
    KeptAnswer.objects.filter(kept_at__lt=timezone.now() - KEPT_FOR).delete()


forget_answers = every_business("businesses.forget_answers", forget_answers_of_business)
