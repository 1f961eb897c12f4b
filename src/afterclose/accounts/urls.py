"""Addresses of the app."""

from django.urls import include, path

from afterclose.accounts.hierarchy import views as hierarchy
from afterclose.accounts.merging import views as merging
from afterclose.accounts.merging.kinds import ACCOUNTS, CONTACTS
from afterclose.accounts.tags import views as tags
from afterclose.accounts.views import (
    contacts,
    custom_choices,
    custom_fields,
    detail,
    flags,
    lists,
    reasons,
    timeline,
)

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
    path("merge/", merging.choose, {"kind": ACCOUNTS}, name="merge_choose"),
    path("merge/<int:loser_id>/", merging.merge, {"kind": ACCOUNTS}, name="merge"),
    path("tags/", tags.of_account, name="account_tags"),
    path("panels/timeline/", timeline.panel, name="timeline"),
    path("panels/group/", hierarchy.panel, name="group_panel"),
    path("panels/contacts/", contacts.panel, name="contacts_panel"),
]

_contact = [
    path("", contacts.detail, name="contact"),
    path("activity/", timeline.log_with, name="contact_log"),
    path("merge/", merging.choose, {"kind": CONTACTS}, name="contact_merge_choose"),
    path("merge/<int:other_contact_id>/", merging.merge, {"kind": CONTACTS}, name="contact_merge"),
    path("panels/timeline/", timeline.of_contact, name="contact_timeline"),
]

_custom_fields = [
    path("", custom_fields.fields, name="custom_fields"),
    path("add/", custom_fields.define, name="custom_field_add"),
    path("order/", custom_fields.order, name="custom_field_order"),
    path("<int:field_id>/", custom_fields.change, name="custom_field"),
    path("<int:field_id>/move/", custom_fields.move, name="custom_field_move"),
    path("<int:field_id>/delete/", custom_fields.delete, name="custom_field_delete"),
    path("<int:field_id>/restore/", custom_fields.restore, name="custom_field_restore"),
    path("<int:field_id>/choices/add/", custom_choices.add, name="custom_choice_add"),
    path("<int:field_id>/choices/order/", custom_choices.order, name="custom_choice_order"),
    path("choices/<int:choice_id>/", custom_choices.rename, name="custom_choice"),
    path("choices/<int:choice_id>/move/", custom_choices.move, name="custom_choice_move"),
    path("choices/<int:choice_id>/delete/", custom_choices.delete, name="custom_choice_delete"),
    path("choices/<int:choice_id>/restore/", custom_choices.restore, name="custom_choice_restore"),
]

urlpatterns = [
    path("accounts/", lists.accounts, name="list"),
    path("accounts/contacts/", lists.contacts, name="contacts"),
    path("accounts/contacts/options/", merging.contact_options, name="contact_options"),
    path(
        "accounts/contacts/duplicates/",
        merging.duplicates,
        {"kind": CONTACTS},
        name="contact_duplicates",
    ),
    path("accounts/new/", detail.create, name="create"),
    path("accounts/duplicates/", merging.duplicates, {"kind": ACCOUNTS}, name="duplicates"),
    path("accounts/merges/<int:merge_id>/undo/", merging.undo, name="merge_undo"),
    path("accounts/tags/", tags.tag_list, name="tags"),
    path("accounts/tags/new/", tags.add, name="tag_add"),
    path("accounts/tags/removed/<int:removal_id>/undo/", tags.undo, name="tag_undo"),
    path("accounts/tags/<int:tag_id>/", tags.edit, name="tag"),
    path("accounts/tags/<int:tag_id>/merge/", tags.merge, name="tag_merge"),
    path("accounts/tags/<int:tag_id>/delete/", tags.delete, name="tag_delete"),
    path("accounts/<int:account_id>/", include(_account)),
    path("contacts/<int:contact_id>/", include(_contact)),
    path("settings/custom-fields/", include(_custom_fields)),
    path("settings/risk-reasons/", reasons.risk_reasons, name="reasons"),
    path("settings/risk-reasons/<int:reason_id>/", reasons.rename, name="reason"),
    path("settings/risk-reasons/<int:reason_id>/move/", reasons.move, name="reason_move"),
    path("settings/risk-reasons/<int:reason_id>/archive/", reasons.archive, name="reason_archive"),
]
