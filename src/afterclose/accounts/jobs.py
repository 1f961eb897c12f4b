"""Background work of accounts, found by procrastinate under this name."""

from afterclose.accounts.imports.jobs import import_pass, sweep_imports, sweep_imports_of_business

__all__ = ["import_pass", "sweep_imports", "sweep_imports_of_business"]
