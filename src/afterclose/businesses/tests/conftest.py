"""The tests' own OpenID Connect provider, running and set as a way to sign in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.businesses import letters
from afterclose.businesses.models import SignInProvider
from afterclose.businesses.single_sign_on import actions
from tests.cast import Cast
from tests.factories import MORNING
from tests.oidc import CLIENT_SECRET, Provider, running, values


@pytest.fixture(scope="module")
def _server() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def there(_server: Provider) -> Provider:
    """The provider as new."""
    fresh = Provider(issuer=_server.issuer, key=_server.key)
    _server.__dict__.update(fresh.__dict__)
    return _server


@pytest.fixture
def okta(cast: Cast, there: Provider) -> SignInProvider:
    """The provider as an operator has set it."""
    with cast.at_work():
        return actions.add_provider(
            actor=cast.owner, at=MORNING, values=values(there), secret=CLIENT_SECRET
        )


@pytest.fixture
def post() -> Callable[[], list[EmailMessage]]:
    """Brings the letters that wait for a worker, the oldest first."""
    brought: set[int] = set()

    def bring() -> list[EmailMessage]:
        mail.outbox.clear()
        waiting = ProcrastinateJob.objects.filter(task_name="businesses.send_letter")
        for job in waiting.exclude(id__in=brought).order_by("id"):
            brought.add(job.id)
            letters.send(**job.args)
        return list(mail.outbox)

    return bring
