"""Businesses, people, memberships, settings, saved views of lists, audit."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Cast, Concat, Left, Lower
from django.utils.crypto import salted_hmac

from afterclose.businesses.tenancy import (
    BusinessField,
    TenantForeignKey,
    TenantManager,
    TenantModel,
    TenantOneToOneField,
)


class Business(models.Model):
    """A tenant: the company that uses Afterclose. Shared table, holds no customer data."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=63, unique=True)
    country = models.CharField(max_length=2, default="US", help_text="ISO 3166-1 alpha-2.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "businesses"

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    """Creates people by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        """A person who can sign in; without a password only by a link or single sign-on."""
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)


class Theme(models.TextChoices):
    """Which colours a person wants."""

    SYSTEM = "system", "As the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class Person(AbstractBaseUser):
    """Somebody who signs in, perhaps to several businesses. Shared table."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=150, blank=True)
    name_key = models.GeneratedField(
        expression=Lower("name"),
        output_field=models.CharField(max_length=150, db_collation="C"),
        db_persist=True,
    )
    locale = models.CharField(max_length=16, blank=True, help_text="Empty: the business's.")
    time_zone = models.CharField(max_length=64, blank=True, help_text="Empty: the business's.")
    theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(
        default=False, help_text="Sets what holds for every business of this site."
    )
    joined_at = models.DateTimeField(auto_now_add=True)
    new_email = models.EmailField(
        max_length=254, blank=True, help_text="Wanted by the person; not confirmed by a mail yet."
    )
    new_email_at = models.DateTimeField(null=True, blank=True)
    # Counts up when every session of the person is to end, known to us or not.
    session_epoch = models.PositiveIntegerField(default=0)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name_plural = "people"
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="person_email")]

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must carry to be this person's: follows password and epoch."""
        if not self.session_epoch:
            # Django's, which the stubs do not show.
            return super()._get_session_auth_hash(secret=secret)  # type: ignore[misc,no-any-return]
        salt = "afterclose.businesses.models.Person.get_session_auth_hash"
        value = f"{self.password}:{self.session_epoch}"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()


class SignInProvider(models.Model):
    """An OpenID Connect provider that people may sign in by. Shared: the site's, since the
    business is not known before somebody has signed in. Set by operators (OP-8)."""

    # Part of the address that the provider sends people back to, so it never changes.
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=40)
    issuer = models.URLField(max_length=500)
    client_id = models.CharField(max_length=200)
    secret = models.TextField(blank=True, help_text="Encrypted, see kit.encryption.")
    trusts_email = models.BooleanField(default=False)
    domains = models.JSONField(default=list, blank=True)
    is_on = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a person is in a business; what each may do is in ``permissions`` (CS-96)."""

    MEMBER = "member", "Member"
    MANAGER = "manager", "Manager"
    ADMIN = "admin", "Admin"
    SUPER_ADMIN = "super_admin", "Super admin"


class MembershipManager(TenantManager["Membership"]):
    """Memberships of the business in context; ``of_person`` reaches across businesses."""

    def of_person(self, person_id: int) -> models.QuerySet[Membership]:
        """A person's own memberships everywhere; needs ``person_context``, else no rows."""
        rows: models.QuerySet[Membership] = models.QuerySet(self.model, using=self._db)
        return rows.filter(person_id=person_id, deactivated_at__isnull=True).order_by("id")


class Membership(TenantModel):
    """A person in a business, with a role. CSM, AE and owner point here, so they cannot be
    somebody of another business."""

    business = BusinessField(also_visible_to="person_id")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role, default=Role.MEMBER)
    # The one who answers for the business; hands that over, and cannot be removed before.
    is_owner = models.BooleanField(default=False)
    title = models.CharField(max_length=100, blank=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[MembershipManager] = MembershipManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "person"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_known"
            ),
            models.UniqueConstraint(
                fields=["business"],
                condition=models.Q(is_owner=True),
                name="membership_one_owner",
            ),
            models.CheckConstraint(
                condition=models.Q(is_owner=False)
                | models.Q(role=Role.SUPER_ADMIN, deactivated_at__isnull=True),
                name="membership_owner_in_charge",
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)


class Setting(TenantModel):
    """One changed setting; defaults and types live in ``businesses.settings``."""

    key = models.CharField(max_length=60)
    value = models.JSONField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "key"], name="setting_once")
        ]

    def __str__(self) -> str:
        return self.key


class SavedView(TenantModel):
    """A list as somebody wants to see it again, under a name (CS-9)."""

    list_name = models.CharField(max_length=60)
    owner = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=80)
    query = models.TextField(blank=True, help_text="Filters, search, sort and columns.")
    is_shared = models.BooleanField(default=False)
    is_sample = models.BooleanField(default=False)
    saved_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "list_name", "owner", "name"], name="saved_view_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ListChoice(TenantModel):
    """How one member's list opens: with which saved view, and with which columns."""

    member = TenantForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    list_name = models.CharField(max_length=60)
    # Emptied by the action that deletes the view.
    default_view = TenantForeignKey(
        SavedView, on_delete=models.PROTECT, null=True, blank=True, related_name="opened_by"
    )
    columns = models.TextField(blank=True, help_text="Names with commas; empty: as declared.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "member", "list_name"], name="list_choice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.list_name} of {self.member}"


class AuditEntry(TenantModel):
    """Who changed what, when, from what to what (OP-7). Only ever inserted."""

    at = models.DateTimeField()
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150)
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField(null=True, blank=True)
    subject_label = models.CharField(max_length=200, blank=True)
    search_key = models.GeneratedField(
        expression=Lower(
            Concat(
                "actor_name",
                models.Value(" "),
                "verb",
                models.Value(" "),
                "subject_label",
                models.Value(" "),
                Left(Cast("changes", models.TextField()), 2000),
            )
        ),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )
    changes = models.JSONField(
        default=dict, help_text="Field to [from, to], or facts about the act."
    )

    class Meta:
        verbose_name_plural = "audit entries"
        indexes: ClassVar = [
            models.Index("business", models.F("at").desc(), models.F("id").desc(), name="audit_at"),
            models.Index("business", "subject_type", "subject_id", name="audit_subject"),
            models.Index(
                "business",
                "person",
                models.F("at").desc(),
                models.F("id").desc(),
                name="audit_person",
            ),
            models.Index(
                "business",
                "verb",
                models.F("at").desc(),
                models.F("id").desc(),
                name="audit_verb",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.subject_label}"


class AuditSeal(TenantModel):
    """One link of the hash chain over the audit log: what an entry said when it was sealed.

    Only ever inserted, in numbers without gaps; see ``sealing`` and ``audit_chain`` (OP-7).
    """

    assistant_may_read: ClassVar[bool] = False

    number = models.BigIntegerField()
    entry = TenantOneToOneField(AuditEntry, on_delete=models.PROTECT, related_name="seal")
    fingerprint = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "number"], name="audit_seal_number"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="audit_seal_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.number}:{self.fingerprint}"


class AuditChain(TenantModel):
    """The head of a business's chain, and what the last look at the whole of it found."""

    assistant_may_read: ClassVar[bool] = False

    number = models.BigIntegerField(default=0)
    fingerprint = models.CharField(max_length=64, blank=True)
    sealed_at = models.DateTimeField(null=True, blank=True)
    # Every entry up to here is sealed, so the frequent job begins behind it.
    settled_id = models.BigIntegerField(default=0)
    settled_next_id = models.BigIntegerField(default=0)
    verified_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business"], name="audit_chain_once")
        ]

    def __str__(self) -> str:
        return f"{self.number}:{self.fingerprint}"


# Kept beside the other files of API keys, but models of this app like the rest.
from afterclose.businesses.api_keys.models import (  # noqa: E402
    ApiKey as ApiKey,
    ApiKeyRoute as ApiKeyRoute,
    KeptAnswer as KeptAnswer,
)
