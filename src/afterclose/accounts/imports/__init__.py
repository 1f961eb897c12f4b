"""Import of accounts and all that hangs on them, from CSV and XLSX (CS-7).

A file is stored first, then looked at (``kit.tabular``), mapped to the fields of an importer,
previewed and committed by the same code (``engine``): the preview only leaves out the writes.
Each app registers importers for its own tables in ``AppConfig.ready()`` (``registry``).

Owns: ImportSet, ImportRun, ImportPiece, ImportRow, ImportProfile.
Announces: import.finished.
"""
