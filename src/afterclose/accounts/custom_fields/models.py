"""Definitions, choices, and the values in typed columns."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.lookups import Exact

from afterclose.businesses.tenancy import TenantForeignKey, TenantModel

BYTEWISE = "C"
KEY_LENGTH = 60
LABEL_LENGTH = 100
TEXT_LENGTH = 1000
TEXT_KEY_LENGTH = 200


class Subject(models.TextChoices):
    """What custom fields are about."""

    ACCOUNT = "account", "Account"
    CONTACT = "contact", "Contact"


class Kind(models.TextChoices):
    """What a field holds (CS-6)."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    MONEY = "money", "Money"
    DATE = "date", "Date"
    BOOLEAN = "boolean", "Yes or no"
    CHOICE = "choice", "Single choice"
    CHOICES = "choices", "Multiple choice"
    URL = "url", "Web address"

    @property
    def has_choices(self) -> bool:
        """Whether an admin lists what can be chosen."""
        return self in (Kind.CHOICE, Kind.CHOICES)


class CustomField(TenantModel):
    """A field that an admin defined; the key is given once and outlives every renaming."""

    subject = models.CharField(max_length=10, choices=Subject)
    key = models.CharField(max_length=KEY_LENGTH)
    label = models.CharField(max_length=LABEL_LENGTH)
    help = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    is_required = models.BooleanField(default=False)
    order = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was deleted; purged 30 days later."
    )
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "subject", "key"], name="custom_field_key"),
            models.CheckConstraint(
                condition=models.Q(subject__in=Subject.values), name="custom_field_subject_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=Kind.values), name="custom_field_kind_known"
            ),
        ]
        ordering = ("order", "id")

    def __str__(self) -> str:
        return self.label


class CustomChoice(TenantModel):
    """One thing that can be chosen; deleted choices keep their values for 30 days."""

    field = TenantForeignKey(
        CustomField, on_delete=models.CASCADE, related_name="choices", db_index=False
    )
    key = models.CharField(max_length=KEY_LENGTH)
    label = models.CharField(max_length=LABEL_LENGTH)
    order = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "field", "key"], name="custom_choice_key")
        ]
        ordering = ("order", "id")

    def __str__(self) -> str:
        return self.label


class CustomValue(TenantModel):
    """One value of one field of one subject, in the one column that its kind uses.

    ``slot`` is 0, or the choice's id in a field with many: so (subject, field, slot) is unique
    for every kind. All columns compare with leakproof operators, so their indexes serve under
    row-level security (spec 00).
    """

    field = TenantForeignKey(
        CustomField, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    slot = models.BigIntegerField(default=0)
    text = models.CharField(max_length=TEXT_LENGTH, null=True, help_text="Text and addresses.")
    text_key = models.CharField(
        max_length=TEXT_KEY_LENGTH,
        null=True,
        db_collation=BYTEWISE,
        help_text="The first 200 characters, case-folded: compared with = and by prefix.",
    )
    number = models.BigIntegerField(null=True, help_text="Millionths: 1.5 is 1500000.")
    minor = models.BigIntegerField(null=True, help_text="Money in minor units.")
    currency = models.CharField(max_length=3, null=True, db_collation=BYTEWISE)
    day = models.DateField(null=True)
    flag = models.BooleanField(null=True)
    choice = TenantForeignKey(
        CustomChoice, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    place = models.PositiveSmallIntegerField(
        null=True, help_text="The order of the choice of a single choice, to sort by."
    )

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "subject", "field", "slot"], name="%(class)s_once"
            ),
            models.CheckConstraint(
                condition=Exact(
                    models.Func(
                        "text", "number", "minor", "day", "flag", "choice",
                        function="num_nonnulls",
                        output_field=models.IntegerField(),
                    ),
                    1,
                ),
                name="%(class)s_one_type",
            ),
            models.CheckConstraint(
                condition=models.Q(text__isnull=True, text_key__isnull=True)
                | models.Q(text__isnull=False, text_key__isnull=False),
                name="%(class)s_text_has_key",
            ),
            models.CheckConstraint(
                condition=models.Q(minor__isnull=True, currency__isnull=True)
                | models.Q(minor__isnull=False, currency__isnull=False),
                name="%(class)s_money_has_currency",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(
                "business",
                "field",
                column,
                "subject",
                name=f"%(class)s_{column}",
                condition=models.Q(**{f"{column}__isnull": False}),
            )
            for column in ("text_key", "number", "minor", "day", "flag", "choice", "place")
        ]


class AccountValue(CustomValue):
    """A value of an account."""

    subject = TenantForeignKey(
        "accounts.Account", on_delete=models.CASCADE, related_name="custom_values", db_index=False
    )

    class Meta(CustomValue.Meta):
        pass

    def __str__(self) -> str:
        return f"Value of account {self.subject_id}"


class ContactValue(CustomValue):
    """A value of a contact."""

    subject = TenantForeignKey(
        "accounts.Contact", on_delete=models.CASCADE, related_name="custom_values", db_index=False
    )

    class Meta(CustomValue.Meta):
        pass

    def __str__(self) -> str:
        return f"Value of contact {self.subject_id}"
