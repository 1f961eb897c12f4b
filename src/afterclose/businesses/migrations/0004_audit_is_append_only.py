"""Nobody changes or removes an audit entry: not the application, nor the owner of the tables."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("businesses", "0003_shared_cache")]

    operations = [
        migrations.RunSQL(
            "CREATE POLICY never_changed ON businesses_auditentry"
            " AS RESTRICTIVE FOR UPDATE USING (false);"
            "CREATE POLICY never_removed ON businesses_auditentry"
            " AS RESTRICTIVE FOR DELETE USING (false)",
            "DROP POLICY never_changed ON businesses_auditentry;"
            "DROP POLICY never_removed ON businesses_auditentry",
        )
    ]
