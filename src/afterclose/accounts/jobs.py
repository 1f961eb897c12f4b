"""Background work of accounts, found by procrastinate under this name."""

from afterclose.accounts.custom_fields.jobs import (
    purge_custom_fields,
    purge_custom_fields_of_business,
)
from afterclose.accounts.imports.jobs import import_pass, sweep_imports, sweep_imports_of_business
from afterclose.accounts.merging.jobs import purge_merges, purge_merges_of_business
from afterclose.accounts.tags.jobs import purge_tags, purge_tags_of_business

__all__ = [
    "import_pass",
    "purge_custom_fields",
    "purge_custom_fields_of_business",
    "purge_merges",
    "purge_merges_of_business",
    "purge_tags",
    "purge_tags_of_business",
    "sweep_imports",
    "sweep_imports_of_business",
]
