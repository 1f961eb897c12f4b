"""Preferences by pace instead of yes and no; mail times; lines that wait for a summary.

The column changes its type in place: a rewrite by ALTER TABLE sees every row, while an UPDATE
would see none, since row-level security binds the owner too.
"""

from django.db import migrations, models

TO_PACE = """
    ALTER TABLE notifications_preference ALTER COLUMN by_mail TYPE varchar(6) USING
          CASE WHEN NOT by_mail THEN 'off'
               WHEN kind IN ('mention', 'renewal_reminder', 'webhook_disabled') THEN 'now'
               WHEN kind = 'at_risk' THEN 'daily'
               ELSE 'off' END;
    ALTER TABLE notifications_preference RENAME COLUMN by_mail TO mail;
"""
BACK = """
    ALTER TABLE notifications_preference RENAME COLUMN mail TO by_mail;
    ALTER TABLE notifications_preference ALTER COLUMN by_mail TYPE boolean USING by_mail <> 'off';
"""
PACES = [
    ("now", "At once"),
    ("daily", "In the daily summary"),
    ("weekly", "In the weekly summary"),
    ("off", "Never"),
]


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_webhook_disabled")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TO_PACE, BACK)],
            state_operations=[
                migrations.RemoveField("preference", "by_mail"),
                migrations.AddField(
                    "preference", "mail", models.CharField(choices=PACES, max_length=6)
                ),
            ],
        ),
    ]
