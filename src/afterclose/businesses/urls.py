"""Addresses of the app."""

from django.urls import path

from afterclose.businesses.api_keys import views as api_keys
from afterclose.businesses.sessions import views as sessions
from afterclose.businesses.views import audit, email, people, profile, settings, sign_in, switching

app_name = "businesses"
urlpatterns = [
    path("settings/", settings.index, name="settings"),
    path("settings/general/", settings.general, name="general"),
    path("settings/customer-success/", settings.customer_success, name="customer_success"),
    path("settings/finance/", settings.finance, name="finance"),
    path("settings/features/", settings.features, name="features"),
    path("settings/roles/", settings.roles, name="roles"),
    path("settings/sign-in/", sign_in.sign_in, name="sign_in"),
    path("settings/sign-in/add/", sign_in.provider_add, name="sign_in_provider_add"),
    path("settings/sign-in/<int:provider_id>/", sign_in.provider, name="sign_in_provider"),
    path(
        "settings/sign-in/<int:provider_id>/remove/",
        sign_in.provider_remove,
        name="sign_in_provider_remove",
    ),
    path("settings/people/", people.people, name="people"),
    path("settings/people/add/", people.add, name="person_add"),
    path("settings/people/<int:membership_id>/", people.person, name="person"),
    path("settings/people/<int:membership_id>/invite/", people.invite, name="person_invite"),
    path(
        "settings/people/<int:membership_id>/deactivate/",
        people.deactivate,
        name="person_deactivate",
    ),
    path(
        "settings/people/<int:membership_id>/reactivate/",
        people.reactivate,
        name="person_reactivate",
    ),
    path("settings/api-keys/", api_keys.api_keys, name="api_keys"),
    path("settings/api-keys/create/", api_keys.add, name="api_key_add"),
    path("settings/api-keys/<int:key_id>/", api_keys.api_key, name="api_key"),
    path("settings/api-keys/<int:key_id>/revoke/", api_keys.revoke, name="api_key_revoke"),
    path("settings/audit/", audit.audit_log, name="audit"),
    path(
        "settings/people/<int:membership_id>/sign-out/",
        sessions.member_sign_out,
        name="person_sign_out",
    ),
    path("settings/people/<int:membership_id>/unlink/", people.unlink, name="person_unlink"),
    path("settings/people/<int:membership_id>/hand-over/", people.hand_over, name="hand_over"),
    path("profile/sign-ins/", sessions.sign_ins, name="sign_ins"),
    path("profile/sign-ins/<int:session_id>/end/", sessions.end, name="sign_in_end"),
    path("profile/sign-ins/end-others/", sessions.end_others, name="sign_ins_end_others"),
    path("profile/sign-ins/end-all/", sessions.end_all, name="sign_ins_end_all"),
    path("profile/email/", email.email, name="email"),
    path("profile/email/cancel/", email.cancel, name="email_cancel"),
    path("profile/email/confirm/<str:token>/", email.confirm, name="email_confirm"),
    path("profile/", profile.profile, name="profile"),
    path("switch/<int:business_id>/", switching.switch, name="switch"),
]
