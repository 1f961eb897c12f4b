"""The panel of an account's group: what it is part of, what is part of it, what that adds up to."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from afterclose.accounts import queries
from afterclose.accounts.hierarchy import figures
from afterclose.accounts.hierarchy.queries import place
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def panel(request: MemberRequest, account_id: int) -> HttpResponse:
    """Parents, children and roll-ups over the whole group (CS-10)."""
    account = queries.account(request.viewer, account_id)
    found = place(request.viewer, account)
    context = {
        "account": account,
        "place": found,
        "figures": figures.of_group(request.viewer, account_id) if found.children else [],
        "may_edit": request.viewer.may(Right.ACCOUNTS_EDIT),
    }
    return render(request, "accounts/hierarchy/_panel.html", context)
