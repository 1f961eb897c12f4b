"""The assembly: settings, addresses, schedules, reactions. Imported by nobody of ours."""
