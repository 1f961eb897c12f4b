"""What the models cannot say about their tables; see docs/decisions/0030-health-snapshots.md."""

from typing import ClassVar

from django.db import migrations

# A snapshot's account belongs to the same business. Checked by the policy instead of a foreign
# key, which would lock the account's row a million times a night and double the cost of the
# insert. Like the other policy it binds the owner of the table too.
_CHECK = """EXISTS (
    SELECT FROM accounts_account a
     WHERE a.business_id = health_snapshot.business_id AND a.id = health_snapshot.account_id)"""

# Half of each page is left for the next night's versions of its rows.
_FORWARD = f"""
ALTER TABLE health_score SET (fillfactor = 50);
CREATE POLICY account_of_business_added ON health_snapshot AS RESTRICTIVE
    FOR INSERT WITH CHECK ({_CHECK});
CREATE POLICY account_of_business_changed ON health_snapshot AS RESTRICTIVE
    FOR UPDATE USING (true) WITH CHECK ({_CHECK});
"""
_BACKWARD = """
ALTER TABLE health_score RESET (fillfactor);
DROP POLICY account_of_business_added ON health_snapshot;
DROP POLICY account_of_business_changed ON health_snapshot;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("health", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(_FORWARD, _BACKWARD)]
