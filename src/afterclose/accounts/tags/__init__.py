"""Tags on accounts and contacts (CS-11): words of the business's own, with who put them and when.

``models`` are models of the app accounts; ``actions`` puts and takes them set-wise, ``removals``
undoes deleting and merging; ``filters`` and ``columns`` serve the lists; ``importing`` takes them
from files.
"""
