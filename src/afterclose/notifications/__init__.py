"""What people are told, in the inbox and by e-mail.

Owns: Notification, Preference, MailTimes, SummaryLine, OutgoingMail.
Reads: accounts (a notification may be about one).
Announces: nothing.

``kinds`` is the registry of what members can be told about; ``actions`` tells them (inbox and
mail, once per key); ``summaries`` writes the daily and weekly ones; ``delivery`` sends mails.
"""
