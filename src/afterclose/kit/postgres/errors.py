"""What goes wrong with the database server, in words for the person who starts it."""


class DatabaseProblem(Exception):
    """The database cannot be made ready; the message says why and what to do."""
