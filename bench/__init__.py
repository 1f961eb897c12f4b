"""The project's own measurements; ``bin/bench`` runs them on a database of their own.

``nightly`` scores a whole book, beside the bare writes of the same rows; ``pages`` times
what a person waits for; ``imports`` loads a file. Every figure says on which machine.
"""
