"""The view over everything that renews; see docs/decisions/0070-renewals-view.md.

The arms give the same types column by column, so that PostgreSQL takes the view apart and
gives each arm its own index scan over the window. `security_invoker` reads the tables with
the reader's rights: their row-level security decides which rows there are.
"""

from django.db import migrations

CREATE = """
CREATE VIEW renewals_renewal WITH (security_invoker = true) AS
SELECT s.id, s.business_id, s.account_id, s.id AS subscription_id,
       s.current_period_end AS renews_on, s.status, s.cancel_at_period_end, s.plan,
       s.arr, s.currency, s.interval, s.quantity AS seats, s.auto_renews
  FROM billing_subscription s
 UNION ALL
SELECT -a.id, a.business_id, a.id, NULL::bigint,
       a.renewal_date, NULL::varchar, false, a.plan,
       NULL::bigint, NULL::varchar, NULL::varchar, a.seats, NULL::boolean
  FROM accounts_account a
 WHERE a.renewal_date IS NOT NULL
   AND NOT EXISTS (
       SELECT FROM billing_subscription l
        WHERE l.business_id = a.business_id AND l.account_id = a.id
          AND l.status IN ('trialing', 'active', 'past_due')
       )
"""


class Migration(migrations.Migration):
    dependencies = [
        ("renewals", "0001_initial"),
        ("accounts", "0001_initial"),
        ("billing", "0001_initial"),
    ]

    operations = [migrations.RunSQL(CREATE, "DROP VIEW renewals_renewal")]
