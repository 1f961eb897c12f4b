"""Where somebody is signed in, and ending it: allauth's table of sessions, kept quietly."""
