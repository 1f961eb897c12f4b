"""The pages under Settings, the profile, and switching between businesses."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from afterclose.businesses import actions, invitations
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import AuditEntry, Business, Membership, Person
from afterclose.businesses.settings import settings_of
from tests.cast import PASSWORD, Cast
from tests.factories import MORNING

SignIn = Callable[[Actor | None], Client]

PAGES = (
    "/settings/",
    "/settings/general/",
    "/settings/customer-success/",
    "/settings/finance/",
    "/settings/features/",
    "/settings/roles/",
    "/settings/people/",
    "/settings/people/add/",
    "/settings/audit/",
)


@pytest.mark.parametrize("url", PAGES)
def test_an_admin_opens_it_and_a_manager_does_not(cast: Cast, sign_in: SignIn, url: str) -> None:
    assert sign_in(cast.admin).get(url).status_code == 200
    assert sign_in(cast.manager).get(url).status_code == 403
    assert sign_in(None).get(url).status_code == 302


def test_general_settings_are_saved_and_hold_at_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    answer = client.post(
        "/settings/general/",
        {
            "name": "Northwind Ltd",
            "country": "GB",
            "currency": "GBP",
            "time_zone": "Europe/London",
            "locale": "en-gb",
            "sent_mail_days": "30",
        },
    )
    assert answer.status_code == 302
    assert Business.objects.get(id=cast.business.id).name == "Northwind Ltd"
    assert settings_of(cast.business.id).currency == "GBP"
    assert "Northwind Ltd" in client.get("/settings/general/").content.decode()


def test_a_wrong_value_is_shown_at_its_field_and_nothing_is_lost(
    cast: Cast, sign_in: SignIn
) -> None:
    answer = sign_in(cast.admin).post(
        "/settings/customer-success/",
        {
            "renewal_window_days": "120",
            "renewal_reminder_days": "90, soon",
            "renewal_uplift_percentage": "7",
            "at_risk_threshold": "150",
        },
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "“soon” is not a number of days" in page
    assert "150 is not between 0 and 100" in page
    assert 'value="120"' in page
    assert settings_of(cast.business.id).renewal_window_days == 90


def test_roles_and_features_are_boxes(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    client.post("/settings/features/", {"renewals": "on"})
    client.post(
        "/settings/roles/",
        {"home": ["manager"], "accounts": ["member", "manager"], "renewals": ["manager"]},
    )
    settings = settings_of(cast.business.id)
    assert settings.features_off == ("health",)
    # What was sent without a tick is nobody's below admin.
    assert settings.allowed_roles["accounts"] == ["member", "manager"]
    assert settings.allowed_roles["health"] == []
    assert "renewals" not in settings.allowed_roles, "as usual, so it follows the product"
    assert sign_in(cast.member).get("/accounts/").status_code == 200


def test_somebody_is_added_with_an_invitation(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.admin).post(
        "/settings/people/add/",
        {"email": "nia@northwind.example", "name": "Nia Okoye", "title": "", "role": "manager"},
    )
    assert answer.status_code == 302
    with cast.at_work():
        added = Membership.objects.get(person__email="nia@northwind.example")
        invitations.send(membership_id=added.id, invited_by="Ines Duarte")
    [message] = mail.outbox
    assert message.to == ["nia@northwind.example"]
    assert message.subject == "Ines Duarte invites you to Northwind on Afterclose"
    link = next(line for line in str(message.body).splitlines() if line.startswith("http"))
    visitor = Client()
    form = visitor.get(link.removeprefix("http://localhost:8000"), follow=True)
    assert form.status_code == 200
    visitor.post(
        form.request["PATH_INFO"],
        {"password1": "a fresh long password", "password2": "a fresh long password"},
    )
    nia = Person.objects.get(email="nia@northwind.example")
    assert nia.check_password("a fresh long password")


def test_a_person_who_signs_in_already_gets_no_password_link(cast: Cast) -> None:
    with cast.at_work():
        invitations.send(membership_id=cast.manager.membership_id or 0, invited_by="Dana")
    assert "password" not in str(mail.outbox[0].body).lower()


def test_nobody_who_left_is_invited(cast: Cast) -> None:
    with cast.at_work():
        marek = cast.manager.membership_id or 0
        actions.deactivate(actor=cast.owner, at=MORNING, membership_id=marek)
        invitations.send(membership_id=marek, invited_by="Dana")
    assert mail.outbox == []


def test_the_last_super_admin_is_told_why_not(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.owner)
    url = f"/settings/people/{cast.owner.membership_id}/"
    answer = client.post(url, {"role": "member"})
    assert answer.status_code == 422
    assert "is the last super admin" in answer.content.decode()
    page = client.post(f"{url}deactivate/", follow=True)
    assert "is the last super admin" in page.content.decode()


def test_who_is_deactivated_has_no_business_any_more(cast: Cast, sign_in: SignIn) -> None:
    marek = sign_in(cast.manager)
    assert marek.get("/accounts/").status_code == 200
    sign_in(cast.owner).post(f"/settings/people/{cast.manager.membership_id}/deactivate/")
    answer = marek.get("/accounts/")
    assert answer.status_code == 403
    assert "not a member" in answer.content.decode()


def test_the_people_of_another_business_do_not_exist_here(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.owner)
    theirs = f"/settings/people/{cast.stranger.membership_id}/"
    assert client.get(theirs).status_code == 404
    for act in ("invite", "deactivate", "reactivate"):
        assert client.post(f"{theirs}{act}/").status_code == 404
    assert "Sam Okafor" not in client.get("/settings/people/").content.decode()


def test_the_audit_log_says_from_what_to_what_and_can_be_exported(
    cast: Cast, sign_in: SignIn
) -> None:
    client = sign_in(cast.admin)
    client.post("/settings/finance/", {"payment_terms_days": "14", "dunning_cadence_days": "7, 14"})
    page = client.get("/settings/audit/").content.decode()
    assert "30 → 14" in page
    assert "Ines Duarte" in page
    found = client.get("/settings/audit/?q=Payment").content.decode()
    assert "30 → 14" in found
    export = client.get("/settings/audit/?format=csv")
    assert b"settings" in b"".join(export).lower()  # type: ignore[arg-type]
    with cast.at_work():
        assert AuditEntry.objects.filter(verb="settings.changed").count() == 1


def test_the_profile_changes_the_theme_and_the_name(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.member)
    assert client.get("/profile/").status_code == 200
    answer = client.post(
        "/profile/",
        {"name": "Lou", "theme": "dark", "locale": "", "time_zone": "Asia/Tokyo"},
    )
    assert answer.status_code == 302
    assert answer.cookies["theme"].value == "dark"
    assert Person.objects.get(id=cast.member.person_id).time_zone == "Asia/Tokyo"


def test_a_person_of_two_businesses_switches_between_them(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.stranger)
    assert client.post(f"/switch/{cast.business.id}/").status_code == 404
    with cast.at_work():
        actions.add_member(
            actor=cast.owner, at=MORNING, email="sam@contoso.example", role="manager"
        )
    assert client.get(f"/switch/{cast.business.id}/").status_code == 405
    assert client.post(f"/switch/{cast.business.id}/").status_code == 302
    page = client.get("/accounts/").content.decode()
    assert "Acme" in page
    assert "Fir" not in page
    assert "Contoso" in page
    client.post(f"/switch/{cast.stranger.business_id}/")
    page = client.get("/accounts/").content.decode()
    assert "Acme" not in page
    assert "Fir" in page


def test_a_person_signs_in_with_e_mail_and_password(cast: Cast) -> None:
    client = Client()
    wrong = client.post(
        "/sign-in/login/", {"login": "marek@northwind.example", "password": "wrong"}
    )
    assert wrong.status_code in (200, 422)
    right = client.post(
        "/sign-in/login/", {"login": "Marek@Northwind.example", "password": PASSWORD}
    )
    assert right.status_code == 302
    assert client.get("/accounts/").status_code == 200
