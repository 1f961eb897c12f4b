"""The hash chain over the audit log; its seals are append-only too. More of an entry is searched."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Cast, Concat, Left, Lower

import afterclose.businesses.tenancy


def newest_first(*before: str) -> tuple[Any, ...]:
    """Columns of an index that ends with the newest entry."""
    return (*before, models.F("at").desc(), models.F("id").desc())


class Migration(migrations.Migration):
    dependencies = [("businesses", "0004_audit_is_append_only")]

    operations = [
        migrations.CreateModel(
            name="AuditChain",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(default=0)),
                ("fingerprint", models.CharField(blank=True, max_length=64)),
                ("sealed_at", models.DateTimeField(blank=True, null=True)),
                ("settled_id", models.BigIntegerField(default=0)),
                ("settled_next_id", models.BigIntegerField(default=0)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.TextField(blank=True)),
                ("business", afterclose.businesses.tenancy.BusinessField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("business",), name="audit_chain_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField()),
                ("fingerprint", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
                ("business", afterclose.businesses.tenancy.BusinessField()),
                (
                    "entry",
                    afterclose.businesses.tenancy.TenantOneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seal",
                        to="businesses.auditentry",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business", "number"), name="audit_seal_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="audit_seal_counts"
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "CREATE POLICY never_changed ON businesses_auditseal"
            " AS RESTRICTIVE FOR UPDATE USING (false);"
            "CREATE POLICY never_removed ON businesses_auditseal"
            " AS RESTRICTIVE FOR DELETE USING (false)",
            "DROP POLICY never_changed ON businesses_auditseal;"
            "DROP POLICY never_removed ON businesses_auditseal",
        ),
        # PostgreSQL cannot give a generated column another expression.
        migrations.RemoveField(model_name="auditentry", name="search_key"),
        migrations.AddField(
            model_name="auditentry",
            name="search_key",
            field=models.GeneratedField(
                db_persist=True,
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
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(*newest_first("business", "person"), name="audit_person"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(*newest_first("business", "verb"), name="audit_verb"),
        ),
    ]
