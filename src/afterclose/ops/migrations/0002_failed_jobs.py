"""Failed jobs are found without reading those that ended well, of which there are many."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("ops", "0001_sample_set"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX afterclose_failed_jobs ON procrastinate_jobs (id) WHERE status = 'failed'",
            "DROP INDEX afterclose_failed_jobs",
        )
    ]
