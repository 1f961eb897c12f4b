"""A form with each kind of field."""

from django import forms

from afterclose.ui.forms import DateInput, MoneyInput, NumberField


class ExampleForm(forms.Form):
    """Each kind of control that pages use."""

    name = forms.CharField(label="Account name", help_text="As it stands in the contract.")
    domain = forms.CharField(required=False, widget=forms.TextInput({"placeholder": "acme.com"}))
    size = forms.ChoiceField(
        choices=[("", "Choose a size"), ("smb", "Small"), ("mid", "Mid-market"), ("ent", "Large")]
    )
    owner = forms.ChoiceField(
        required=False,
        choices=[("", "Nobody"), ("1", "Dana Reyes"), ("2", "Priya Nair"), ("3", "Tom Becker")],
        widget=forms.Select({"data-select": ""}),
    )
    value = NumberField(label="Contract value", widget=MoneyInput("USD"), required=False)
    starts_on = forms.DateField(widget=DateInput(), help_text="The first day that is paid for.")
    cadence = forms.ChoiceField(
        widget=forms.RadioSelect, choices=[("m", "Monthly"), ("q", "Quarterly"), ("y", "Yearly")]
    )
    channels = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("mail", "E-mail"), ("app", "In the product")],
    )
    notes = forms.CharField(required=False, widget=forms.Textarea({"rows": 3}))
    contract = forms.FileField(required=False)
    auto = forms.BooleanField(
        required=False, label="Renew automatically", help_text="A reminder is sent all the same."
    )

    def clean_name(self) -> str:
        """Refuse one name, so that the error state can be shown."""
        name: str = self.cleaned_data["name"]
        if name == "Acme":
            raise forms.ValidationError("An account of this name exists. Choose another name.")
        return name
