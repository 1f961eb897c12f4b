"""Ways to sign in that operators of the site set; who set the site up is one."""

from typing import Any

from django.db import migrations, models


def first_operator(apps: Any, schema_editor: Any) -> None:
    """The first super admin of the first business, as ``create_business`` does it from now on."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM businesses_business")
        [business] = cursor.fetchone()
        if business is None:
            return
        cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(business)])
        cursor.execute(
            "UPDATE businesses_person SET is_operator = true WHERE id = ("
            " SELECT person_id FROM businesses_membership WHERE business_id = %s"
            " AND role = 'super_admin' AND deactivated_at IS NULL ORDER BY id LIMIT 1)",
            [business],
        )
        cursor.execute("SELECT set_config('app.business_id', '', true)")


class Migration(migrations.Migration):
    dependencies = [("businesses", "0007_saved_views")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="is_operator",
            field=models.BooleanField(
                default=False, help_text="Sets what holds for every business of this site."
            ),
        ),
        migrations.CreateModel(
            name="SignInProvider",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=40)),
                ("issuer", models.URLField(max_length=500)),
                ("client_id", models.CharField(max_length=200)),
                (
                    "secret",
                    models.TextField(blank=True, help_text="Encrypted, see kit.encryption."),
                ),
                ("trusts_email", models.BooleanField(default=False)),
                ("domains", models.JSONField(blank=True, default=list)),
                ("is_on", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.RunPython(first_operator, migrations.RunPython.noop),
    ]
