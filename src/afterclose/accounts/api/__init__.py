"""Accounts, contacts, their merging and activities in the API."""

from afterclose.accounts.api.accounts import router as accounts
from afterclose.accounts.api.activities import router as activities
from afterclose.accounts.api.contacts import router as contacts
from afterclose.accounts.api.merging import router as merging
from afterclose.accounts.api.words import router as words

routers = (accounts, contacts, merging, activities, words)
