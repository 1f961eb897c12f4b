"""Customers' support tickets.

Owns: Ticket, Reopening.
Reads: accounts (tickets join an account by the requester's e-mail domain, CS-72).
Announces: ticket.opened, ticket.solved, ticket.reopened (live feeds only, not imports).
"""
