"""Keys, where they are found, and the answers kept for a repeated request."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from afterclose.businesses.models import Business, Membership, Role
from afterclose.businesses.tenancy import TenantForeignKey, TenantModel


class ApiKey(TenantModel):
    """A key by which a program uses the API; the token itself is nowhere."""

    assistant_may_read: ClassVar[bool] = False

    name = models.CharField(max_length=100, help_text="Who uses it, such as Zapier.")
    start = models.CharField(max_length=20, help_text="First characters of the token.")
    role = models.CharField(max_length=12, choices=Role)
    scopes = ArrayField(models.CharField(max_length=60), default=list)
    created_at = models.DateTimeField()
    created_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    last_used_at = models.DateTimeField(
        null=True, blank=True, help_text="Written at most once a minute."
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "API key"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="api_key_role_known"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                "business", models.F("created_at").desc(), models.F("id").desc(), name="api_key_new"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ApiKeyRoute(models.Model):
    """Where the key with this hash is, and how often it came in the current minute. Shared table:
    a token does not say whose it is, and no business is in context before it is found."""

    token_hash = models.CharField(max_length=64, primary_key=True, db_collation="C")
    owner = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    key_number = models.BigIntegerField(help_text="The id of the ApiKey.")
    minute = models.BigIntegerField(default=0, help_text="Minutes since 1970.")
    used = models.IntegerField(default=0, help_text="Requests in that minute.")

    def __str__(self) -> str:
        return f"Key {self.key_number} of business {self.owner_id}"


class KeptAnswer(TenantModel):
    """What a POST with an Idempotency-Key answered; written with the effect itself."""

    assistant_may_read: ClassVar[bool] = False

    api_key = TenantForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255, db_collation="C")
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    kept_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "api_key", "key"], name="kept_answer_once")
        ]
        indexes: ClassVar = [models.Index("business", "kept_at", name="kept_answer_at")]

    def __str__(self) -> str:
        return self.key
