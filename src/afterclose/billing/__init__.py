"""What customers have bought.

Owns: Subscription, AccountBilling (one row of current figures per account).
Reads: accounts.
Announces: subscription.started, subscription.changed, subscription.ended.
"""
