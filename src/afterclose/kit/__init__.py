"""Plain tools with no models: money, periods, clock, paging, tables, the database's start.

Imports nothing of ours; everything may import it.
"""
