"""One owner per business; a person's sessions can all be ended at once."""

from typing import Any

from django.db import migrations, models


def first_owners(apps: Any, schema_editor: Any) -> None:
    """The first super admin of each business, as ``create_business`` does it from now on."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id FROM businesses_business ORDER BY id")
        for (business,) in cursor.fetchall():
            cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(business)])
            cursor.execute(
                "UPDATE businesses_membership SET is_owner = true WHERE business_id = %s AND id ="
                " (SELECT id FROM businesses_membership WHERE business_id = %s"
                "  AND role = 'super_admin' AND deactivated_at IS NULL ORDER BY id LIMIT 1)",
                [business, business],
            )
        cursor.execute("SELECT set_config('app.business_id', '', true)")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):
    dependencies = [("businesses", "0008_sign_in_providers")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="session_epoch",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="membership",
            name="is_owner",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(first_owners, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_owner", True)),
                fields=("business",),
                name="membership_one_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_owner", False),
                    models.Q(("deactivated_at__isnull", True), ("role", "super_admin")),
                    _connector="OR",
                ),
                name="membership_owner_in_charge",
            ),
        ),
    ]
