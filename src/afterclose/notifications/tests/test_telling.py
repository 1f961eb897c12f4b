"""Telling members: once per key, by the channels they want (CS-92)."""

import pytest

from afterclose.accounts.models import Account
from afterclose.businesses import actors
from afterclose.businesses.models import Membership
from afterclose.notifications import kinds
from afterclose.notifications.actions import Mail, Message, notify, notify_many, queue_mails
from afterclose.notifications.kinds import Pace
from afterclose.notifications.models import Notification, OutgoingMail, Preference
from tests.cast import Cast
from tests.factories import MORNING


def message(cast: Cast, **values: object) -> Message:
    facts: dict = {
        "member_id": cast.manager.membership_id,
        "kind": kinds.MENTION,
        "key": "mention:1",
        "title": "Dana mentioned you",
        "body": "Please call <Acme> & co.",
        "url": f"/accounts/{cast.acme.id}/",
        "account_id": cast.acme.id,
    }
    return Message(**(facts | values))


def tell(cast: Cast, *messages: Message) -> int:
    return notify_many(actor=actors.system(cast.business.id), at=MORNING, messages=messages)


def test_a_member_is_told_in_the_inbox_and_by_mail(at_work: Cast) -> None:
    assert notify(actor=at_work.owner, at=MORNING, message=message(at_work))

    line = Notification.objects.get()
    assert (line.title, line.member_id) == ("Dana mentioned you", at_work.manager.membership_id)
    mail = OutgoingMail.objects.get()
    assert mail.to == "marek@northwind.example"
    assert "Please call <Acme> & co." in mail.text
    assert "Please call &lt;Acme&gt; &amp; co." in mail.html
    assert "Northwind" in mail.text


def test_the_same_fact_is_told_once(at_work: Cast) -> None:
    assert tell(at_work, message(at_work)) == 1
    assert tell(at_work, message(at_work), message(at_work)) == 0

    assert Notification.objects.count() == 1
    assert OutgoingMail.objects.count() == 1


def test_the_same_key_is_another_fact_for_another_member(at_work: Cast) -> None:
    told = tell(at_work, message(at_work), message(at_work, member_id=at_work.admin.membership_id))

    assert told == 2
    assert OutgoingMail.objects.count() == 2


def test_a_kind_that_is_off_by_itself_is_not_mailed(at_work: Cast) -> None:
    tell(at_work, message(at_work, kind=kinds.IMPORT_FINISHED))

    assert OutgoingMail.objects.count() == 0


@pytest.mark.parametrize(("in_app", "by_mail"), [(True, False), (False, True), (False, False)])
def test_each_channel_obeys_the_preference(at_work: Cast, in_app: bool, by_mail: bool) -> None:
    Preference.objects.create(
        member_id=at_work.manager.membership_id,
        kind=kinds.MENTION.slug,
        in_app=in_app,
        mail=Pace.NOW if by_mail else Pace.OFF,
    )

    tell(at_work, message(at_work))

    assert (Notification.objects.exists(), OutgoingMail.objects.exists()) == (in_app, by_mail)


def test_who_has_left_is_not_told(at_work: Cast) -> None:
    Membership.objects.filter(id=at_work.manager.membership_id).update(deactivated_at=MORNING)

    assert tell(at_work, message(at_work)) == 0
    assert not OutgoingMail.objects.exists()


def test_a_title_can_be_longer_than_its_column(at_work: Cast) -> None:
    tell(at_work, message(at_work, title="x" * 400))

    assert len(Notification.objects.get().title) == 300


def test_a_subject_holds_no_line_break(at_work: Cast) -> None:
    account = Account(name="Evil\r\nBcc: all@example.com")
    mail = Mail(
        member_id=at_work.manager.membership_id or 0, kind=kinds.MENTION, key="k",
        subject=f"{account.name} renews", template="notifications/mail/message", context={},
    )  # fmt: skip

    assert queue_mails(actor=at_work.owner, at=MORNING, mails=[mail]) == 1
    assert OutgoingMail.objects.get().subject == "Evil Bcc: all@example.com renews"


def test_another_business_is_not_told(at_work: Cast) -> None:
    assert tell(at_work, message(at_work, member_id=at_work.stranger.membership_id)) == 0
