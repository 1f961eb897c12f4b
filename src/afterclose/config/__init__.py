"""The assembly: settings, addresses, schedules, reactions. Imported by nobody of ours.

Owns: no tables; which job runs when, and what follows from which fact.
Reads: everything.
Announces: nothing.
"""
