"""What customers do in the product.

Owns: UsageRecord (as delivered), DailyUsage (account, user, feature, day), LastUse (per account).
Reads: accounts, and the subscription that a record names only by its external id.
Announces: nothing per record (there are too many); usage.imported per batch.
"""
