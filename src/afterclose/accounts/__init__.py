"""The customer record: one account for a customer's whole life, and everything that happened.

Owns: Account, Contact, Tag, AtRiskFlag, RiskReason, ChurnEvent, Event (``timeline``), Mention;
lists, import and Export.
Reads: businesses.
Announces: account.created, account.changed, account.merged,
account.merge_undone, contact.merged, contact.merge_undone,
stage.changed, at_risk.flagged, at_risk.cleared,
activity.logged, account.tagged, account.untagged, contact.tagged,
contact.untagged, parent.changed, mention.made, import.finished,
export.finished.
"""
