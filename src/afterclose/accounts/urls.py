"""Addresses of the app."""

from django.urls import include, path

from afterclose.accounts.hierarchy import views as hierarchy
from afterclose.accounts.tags import views as tags
from afterclose.accounts.views import contacts, detail, flags, lists, reasons, timeline

app_name = "accounts"

_account = [
    path("", detail.detail, name="detail"),
    path("edit/", detail.edit, name="edit"),
    path("stage/", detail.stage, name="stage"),
    path("at-risk/", flags.flag, name="flag"),
    path("at-risk/clear/", flags.clear, name="clear"),
    path("activity/", timeline.log, name="log"),
    path("contacts/add/", contacts.add, name="contact_add"),
    path("contacts/<int:contact_id>/", contacts.edit, name="contact_edit"),
    path("contacts/<int:contact_id>/remove/", contacts.remove, name="contact_remove"),
    path("contacts/<int:contact_id>/tags/", tags.of_contact, name="contact_tags"),
    path("tags/", tags.of_account, name="account_tags"),
    path("panels/timeline/", timeline.panel, name="timeline"),
    path("panels/group/", hierarchy.panel, name="group_panel"),
    path("panels/contacts/", contacts.panel, name="contacts_panel"),
]

urlpatterns = [
    path("accounts/", lists.accounts, name="list"),
    path("accounts/contacts/", lists.contacts, name="contacts"),
    path("accounts/new/", detail.create, name="create"),
    path("accounts/tags/", tags.tag_list, name="tags"),
    path("accounts/tags/new/", tags.add, name="tag_add"),
    path("accounts/tags/<int:tag_id>/", tags.edit, name="tag"),
    path("accounts/tags/<int:tag_id>/merge/", tags.merge, name="tag_merge"),
    path("accounts/tags/<int:tag_id>/delete/", tags.delete, name="tag_delete"),
    path("accounts/<int:account_id>/", include(_account)),
    path("settings/risk-reasons/", reasons.risk_reasons, name="reasons"),
    path("settings/risk-reasons/<int:reason_id>/", reasons.rename, name="reason"),
    path("settings/risk-reasons/<int:reason_id>/move/", reasons.move, name="reason_move"),
    path("settings/risk-reasons/<int:reason_id>/archive/", reasons.archive, name="reason_archive"),
]
