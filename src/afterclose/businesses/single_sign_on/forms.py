"""Forms of ways to sign in; the rules are in ``actions``."""

from __future__ import annotations

from typing import Any

from django import forms

from afterclose.businesses.models import SignInProvider
from afterclose.ui.forms import offer_choices


class ProviderForm(forms.Form):
    """One OpenID Connect provider."""

    name = forms.CharField(
        label="Name", max_length=40, help_text="Stands on the button: “Sign in with Okta”."
    )
    issuer = forms.CharField(
        label="Issuer or discovery address",
        max_length=500,
        help_text="Such as https://login.example.com/realms/acme.",
    )
    client_id = forms.CharField(label="Client id", max_length=200)
    secret = forms.CharField(
        label="Client secret",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Kept encrypted.",
    )
    domains = forms.CharField(
        label="Only these e-mail domains",
        required=False,
        max_length=1000,
        help_text="Such as acme.com, acme.de. Empty: every address that the provider verified.",
    )
    trusts_email = forms.BooleanField(
        label="Believe its e-mail addresses although it does not say that it verified them",
        required=False,
        help_text="Only for a provider in which people cannot enter their address themselves.",
    )
    is_on = forms.BooleanField(label="Offer it on the sign-in page", required=False, initial=True)

    def __init__(self, *args: Any, keeps_secret: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["secret"].required = not keeps_secret
        if keeps_secret:
            self.fields["secret"].help_text = "Kept encrypted. Empty: stays as it is."

    @staticmethod
    def from_now(provider: SignInProvider) -> dict[str, Any]:
        """What the form shows at first; never the secret."""
        return {
            "name": provider.name,
            "issuer": provider.issuer,
            "client_id": provider.client_id,
            "domains": ", ".join(provider.domains),
            "trusts_email": provider.trusts_email,
            "is_on": provider.is_on,
        }

    def clean_domains(self) -> list[str]:
        """As a list."""
        return str(self.cleaned_data["domains"]).replace(",", " ").split()

    def values(self) -> dict[str, Any]:
        """What ``actions`` wants, without the secret."""
        return {key: value for key, value in self.cleaned_data.items() if key != "secret"}


class RequiredProviderForm(forms.Form):
    """By which way members must sign in."""

    slug = forms.ChoiceField(
        label="Members sign in by",
        required=False,
        help_text="Super admins may always use their password too, so that a provider that breaks "
        "locks nobody out.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = SignInProvider.objects.filter(is_on=True).order_by("name", "id")
        ways = [(each.slug, f"{each.name} only") for each in offered]
        offer_choices(self, "slug", [("", "Any way they like"), *ways])
