from django.urls import reverse

from afterclose.accounts import actions
from afterclose.accounts.models import Event
from afterclose.businesses import actors
from afterclose.notifications import kinds, queries, reactions
from afterclose.notifications.actions import Message, notify
from afterclose.notifications.inbox import choose
from afterclose.notifications.kinds import Pace
from afterclose.notifications.models import Notification, OutgoingMail
from tests.factories import MORNING


def mention(cast):
    actions.log_activity(
        actor=cast.manager,
        at=MORNING,
        account_id=cast.acme.id,
        kind="activity.note",
        title="Sponsor left",
        body="@dana please read",
    )
    return Event.objects.get(kind="mention.made")


def tell(cast, key="x", url="/accounts/"):
    return notify(
        actor=actors.system(cast.business.id),
        at=MORNING,
        message=Message(
            member_id=cast.manager.membership_id,
            kind=kinds.IMPORT_FINISHED,
            key=key,
            title="Import finished",
            url=url,
        ),
    )


def test_a_mention_reaches_the_inbox_and_the_mail_once(at_work):
    fact = mention(at_work)
    for _ in range(2):
        reactions.tell_mentioned(fact.id)
    told = Notification.objects.get(member_id=at_work.owner.membership_id)
    assert told.title == "Marek Novak mentioned you at Acme"
    assert OutgoingMail.objects.get().to == "dana@northwind.example"


def test_who_does_not_want_mentions_gets_none(at_work):
    choose(actor=at_work.owner, wishes={kinds.MENTION: (False, Pace.OFF)})
    reactions.tell_mentioned(mention(at_work).id)
    assert not Notification.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_the_bell_counts_what_is_unread(cast, sign_in):
    client = sign_in(cast.manager)
    with cast.at_work():
        tell(cast, "one")
        tell(cast, "two")
    assert client.get(reverse("notifications:badge")).content == b"2"
    client.post(reverse("notifications:read_all"))
    assert client.get(reverse("notifications:badge")).content == b""


def test_opening_marks_read_and_leads_to_the_subject(cast, sign_in):
    with cast.at_work():
        tell(cast)
        told = Notification.objects.get()
    answer = sign_in(cast.manager).post(reverse("notifications:open", args=[told.id]))
    assert answer.headers["Location"] == "/accounts/"
    with cast.at_work():
        assert not queries.unread(cast.manager).exists()


def test_an_address_elsewhere_is_never_followed(cast, sign_in):
    with cast.at_work():
        tell(cast, url="https://elsewhere.example/")
        told = Notification.objects.get()
    answer = sign_in(cast.manager).post(reverse("notifications:open", args=[told.id]))
    assert answer.headers["Location"] == reverse("notifications:inbox")


def test_a_colleague_cannot_open_what_is_not_theirs(cast, sign_in):
    with cast.at_work():
        tell(cast)
        told = Notification.objects.get()
    for other in (cast.owner, cast.stranger):
        answer = sign_in(other).post(reverse("notifications:open", args=[told.id]))
        assert answer.status_code == 404
