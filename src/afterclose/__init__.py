"""Afterclose: everything that happens after a deal is closed, on one customer record."""
