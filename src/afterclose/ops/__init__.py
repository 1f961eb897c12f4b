"""Running the product: sample data, checks of what it needs, whether it is up.

Owns: SampleSet.
Reads: everything.
Announces: nothing.
"""
