"""The lists of accounts and contacts."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.views.decorators.http import require_http_methods

from afterclose.accounts.lists import AccountList, ContactList
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.ui.lists import list_view


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_VIEW)
def accounts(request: MemberRequest) -> HttpResponseBase:
    """The list of accounts, its exports and its bulk actions."""
    context = {
        "may_edit": request.viewer.may(Right.ACCOUNTS_EDIT),
        "may_import": request.viewer.may(Right.ACCOUNTS_IMPORT),
    }
    return list_view(request, AccountList, template="accounts/list.html", context=context)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_VIEW)
def contacts(request: MemberRequest) -> HttpResponseBase:
    """The list of contacts of all accounts."""
    return list_view(request, ContactList, template="accounts/contact_list.html")
