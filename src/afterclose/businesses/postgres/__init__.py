"""Django's PostgreSQL backend, plus tenancy: context per transaction, tables that keep apart."""
