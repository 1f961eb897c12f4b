"""The audit log."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.views.decorators.http import require_http_methods

from afterclose.businesses import audit_chain
from afterclose.businesses.lists import AuditList
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.ui.lists import list_view


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.AUDIT_VIEW)
def audit_log(request: MemberRequest) -> HttpResponseBase:
    """Every change, searchable, as a page and as a file (OP-7)."""
    context = {"chain": audit_chain.state(request.viewer)}
    return list_view(request, AuditList, template="businesses/audit.html", context=context)
