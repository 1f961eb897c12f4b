"""Exports of long lists: written in the background, kept for a week, for who asked (CS-8)."""
