"""What goes wrong with people and businesses, in words for the person who asked."""

from __future__ import annotations


class Refused(Exception):
    """Something that may not be done as things stand; the message says why and what to do."""

    status = 409

    @property
    def message(self) -> str:
        """The sentence for the page."""
        return str(self)


class LastSuperAdmin(Refused):
    """A business always keeps somebody who may do everything."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is the last super admin of this business. "
            "Make somebody else super admin first."
        )


class SignInServesElsewhere(Refused):
    """A person has one sign-in for all their businesses; this says of none of them which."""

    status = 403

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} has one sign-in for everything they work in, and a higher role than yours in "
            "some of it, so you cannot end or unlink it. They can, under Profile; to keep them "
            "out of this business, deactivate them."
        )


class OnlySuperAdmins(Refused):
    """An admin cannot make themselves more than they are."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "Only a super admin can give or take the role super admin, deactivate a super admin, "
            "or end or unlink a super admin's sign-in. Ask a super admin of your business."
        )


class AlreadyMember(Refused):
    """The e-mail address belongs to somebody who is a member already."""

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is a member of this business already. Change their role below.")


class OnlyOperators(Refused):
    """What holds for every business of the site is not one business's to set."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "Only an operator of this site can set ways to sign in, since they open every business "
            "on it. Whoever runs the server makes somebody one: afterclose operator EMAIL."
        )


class OwnerMustHandOver(Refused):
    """A business always has an owner."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} owns this business. The owner hands it over to somebody else first, on that "
            "person's page."
        )


class NotTheOwner(Refused):
    """Only the owner gives the business into other hands."""

    status = 403

    def __init__(self) -> None:
        super().__init__("Only the owner can hand the business over.")


class CannotOwn(Refused):
    """An owner is an active member."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} cannot own this business: choose an active admin or super admin other than "
            "the owner."
        )


class AddressTaken(Refused):
    """An e-mail address is one person's."""

    def __init__(self) -> None:
        super().__init__(
            "This address belongs to another account by now. Ask for a change to another address."
        )


class LinkTooOld(Refused):
    """A link in a mail that was used, replaced by a newer one, or is older than a day."""

    def __init__(self) -> None:
        super().__init__(
            "This link does not work any more: it was used, is older than a day, or there is a "
            "newer one. Ask for the change again."
        )


class NotYourLink(Refused):
    """A link in a mail to somebody else."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "This link belongs to another account. Sign in to that one, then open it again."
        )


class IdentityNotProven(Refused):
    """What is asked for needs proof that it is really them."""

    status = 403

    def __init__(self, why: str) -> None:
        super().__init__(why)
