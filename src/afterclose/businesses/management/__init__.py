"""Commands of businesses."""
