"""What people are told, in the inbox and by e-mail.

Owns: Notification, Preference, OutgoingMail.
Reads: accounts (a notification may be about one).
Announces: nothing.

``actions`` tells members (inbox and mail, once per key); ``delivery`` sends the mails.
"""
