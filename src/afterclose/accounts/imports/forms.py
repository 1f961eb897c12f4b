"""Forms of the import screens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from afterclose.accounts.imports import actions
from afterclose.accounts.imports.fields import Field, FieldType
from afterclose.accounts.imports.models import ImportProfile, ImportRun, ImportSet, ShiftMode
from afterclose.accounts.imports.policy import Policy, offered
from afterclose.accounts.imports.queries import UnknownWord
from afterclose.accounts.imports.registry import importer_of, importers
from afterclose.kit.currencies import EXPONENTS
from afterclose.kit.tabular.detecting import LAST_HEADER_LINE, LIMIT, MEGABYTE, XLSX_LIMIT
from afterclose.kit.tabular.values import ORDER_WORDS
from afterclose.ui.forms import WholeField, offer_choices

SAME_AS_LAST = "same"


class ManyFilesInput(forms.ClearableFileInput):
    """The browser's file chooser for several files."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Several files; cleans to a list."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files:
            raise forms.ValidationError("Choose at least one file.")
        # An empty file is refused with its name when it is looked at, not here without.
        return [each for each in files if isinstance(each, UploadedFile)]


class UploadForm(forms.Form):
    """Files, what they contain, how their dates move."""

    uploads = ManyFilesField(
        label="Files",
        help_text=(
            f"CSV up to {LIMIT // MEGABYTE} MB, XLSX up to {XLSX_LIMIT // MEGABYTE} MB. "
            "Choose all files of one system "
            "together: they are imported in the right order."
        ),
        widget=ManyFilesInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xlsm"}),
    )
    kind = forms.ChoiceField(
        label="Contents",
        required=False,
        help_text="Recognised by the column headings of each file unless you choose.",
    )
    profile = forms.ChoiceField(
        label="Mapping",
        required=False,
        help_text="You can correct every column in the next step, and save it for next time.",
    )
    shift = forms.ChoiceField(label="Dates", widget=forms.RadioSelect)
    shift_days = WholeField(
        label="Number of days",
        required=False,
        min_value=-36_525,
        max_value=36_525,
        help_text="Only for moving by a number of days; negative moves to the past.",
    )

    def __init__(
        self,
        *args: Any,
        profiles: Sequence[ImportProfile],
        last_shifted: ImportSet | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.last_shifted = last_shifted
        self._profiles = {str(each.id): each for each in profiles}
        kinds = [(each.kind, each.label) for each in importers()]
        offer_choices(self, "kind", [("", "Recognise by the headings"), *kinds])
        saved = [
            (key, f"{each.name} ({importer_of(each.kind).noun[1]})")
            for key, each in self._profiles.items()
        ]
        offer_choices(self, "profile", [("", "SaaS export (built in)"), *saved])
        shifts: list[tuple[str, str]] = list(ShiftMode.choices)
        if last_shifted is not None:
            moved = last_shifted.shift_days or 0
            shifts.insert(0, (SAME_AS_LAST, f"Move as in the last import, by {moved:+,} days"))
        offer_choices(self, "shift", shifts)
        self.fields["shift"].initial = shifts[0][0]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("shift") == ShiftMode.DAYS and cleaned.get("shift_days") is None:
            self.add_error("shift_days", "Say by how many days the dates move.")
        return cleaned

    @property
    def chosen_profile(self) -> ImportProfile | None:
        """The saved mapping, or None for the built-in one."""
        return self._profiles.get(self.cleaned_data.get("profile", ""))

    @property
    def shift_wish(self) -> tuple[str, int | None]:
        """Mode and days for `actions.start_set`."""
        shift = self.cleaned_data["shift"]
        if shift == SAME_AS_LAST and self.last_shifted is not None:
            return ShiftMode.DAYS, self.last_shifted.shift_days
        return shift, self.cleaned_data.get("shift_days") if shift == ShiftMode.DAYS else None


class ReadingForm(forms.Form):
    """How the file is read: what was detected, for confirmation."""

    kind = forms.ChoiceField(label="Contents")
    encoding = forms.ChoiceField(label="Encoding", choices=list(actions.ENCODINGS.items()))
    delimiter = forms.ChoiceField(
        label="Columns separated by",
        choices=[(name, name) for name in actions.DELIMITERS.values()],
    )
    sheet = forms.ChoiceField(label="Sheet")
    header_line = WholeField(
        label="Headings are in row", required=False, min_value=1, max_value=LAST_HEADER_LINE
    )
    date_order = forms.ChoiceField(
        label="Dates are written",
        choices=[(order, words.capitalize()) for order, words in ORDER_WORDS.items()],
    )
    decimal_comma = forms.ChoiceField(
        label="Decimal sign",
        choices=[("point", "Point (1,234.50)"), ("comma", "Comma (1.234,50)")],
    )

    def __init__(self, *args: Any, run: ImportRun, **kwargs: Any) -> None:
        names = dict(actions.DELIMITERS)
        kwargs["initial"] = {
            **run.dialect,
            "kind": run.kind,
            "delimiter": names.get(run.dialect["delimiter"], ""),
            "decimal_comma": "comma" if run.dialect["decimal_comma"] else "point",
            "header_line": run.dialect.get("header_line") or 1,
        }
        super().__init__(*args, **kwargs)
        offer_choices(self, "kind", ((each.kind, each.label) for each in importers()))
        offer_choices(self, "sheet", ((name, name) for name in run.detection["sheets"]))
        if run.dialect["format"] == "xlsx":
            del self.fields["encoding"], self.fields["delimiter"]
        else:
            del self.fields["sheet"]
        found = run.detection
        if above := found.get("above"):
            titles = ", ".join(f"“{each}”" for each in above)
            self.fields["header_line"].help_text = f"What stands above is passed over: {titles}."
        if not found["date_order_certain"]:
            self.fields[
                "date_order"
            ].help_text = (
                f"Not certain: “{found['date_example']}” could be read in two ways. Please check."
            )
        elif found["date_example"]:
            self.fields["date_order"].help_text = f"As in “{found['date_example']}”."
        if not found["decimal_certain"]:
            self.fields["decimal_comma"].help_text = "Not certain from the file. Please check."

    @property
    def dialect(self) -> dict[str, Any]:
        """What `actions.change_reading` takes."""
        signs = {name: sign for sign, name in actions.DELIMITERS.items()}
        chosen = {key: value for key, value in self.cleaned_data.items() if key != "kind"}
        if chosen["header_line"] is None:
            del chosen["header_line"]
        chosen["decimal_comma"] = chosen["decimal_comma"] == "comma"
        if "delimiter" in chosen:
            chosen["delimiter"] = signs[chosen["delimiter"]]
        return chosen


class MappingForm(forms.Form):
    """Which column is which field; one choice per field of the importer."""

    currency = forms.CharField(
        label="Currency of amounts without one",
        required=False,
        max_length=3,
        help_text="A column for the currency, or a heading such as refund_usd, goes first.",
    )
    policy = forms.ChoiceField(
        label="Rows that are there already",
        help_text="Rows that the file has and we do not are added in any case.",
    )
    profile_name = forms.CharField(
        label="Save this mapping as",
        required=False,
        max_length=100,
        help_text="Give it a name: a file with the same headings then gets it by itself.",
    )

    def __init__(self, *args: Any, run: ImportRun, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        importer = importer_of(run.kind)
        columns = column_choices(run)
        self.targets: list[Field] = list(importer.fields)
        rest = dict(self.fields)
        self.fields.clear()
        for target in self.targets:
            self.fields[f"map_{target.name}"] = forms.ChoiceField(
                label=target.label,
                required=target.required,
                error_messages={"required": "Choose a column; no row can do without it."},
                choices=[("", "Not in this file"), *columns],
                initial=run.mapping.get(target.name, ""),
                help_text=target.help,
            )
        self.fields.update(rest)
        self.fields["currency"].initial = run.options.get("currency") or currency
        self.fields["profile_name"].initial = run.profile_name
        offer_choices(self, "policy", ((each.value, each.label) for each in offered(importer)))
        self.fields["policy"].initial = run.options.get("policy", Policy.OVERWRITE)
        self.fields["policy"].required = False
        if not any(target.type == FieldType.MONEY for target in self.targets):
            del self.fields["currency"]

    def offer_to_replace(self, name: str) -> None:
        """Ask whether the saved mapping of that name may go."""
        self.fields["replaces"] = forms.MultipleChoiceField(
            label="A mapping of this name is there already",
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=[(name, f"Replace “{name}” by this one")],
        )

    def replaces(self, name: str) -> bool:
        """Whether that was answered with yes, of this very name."""
        return name.strip() in cast("QueryDict", self.data).getlist("replaces")

    def clean_currency(self) -> str:
        """Upper case, known to ISO 4217."""
        code: str = self.cleaned_data["currency"].strip().upper()
        if code and code not in EXPONENTS:
            raise forms.ValidationError(f"“{code}” is not a currency code such as USD or EUR.")
        return code

    @property
    def mapping(self) -> dict[str, str]:
        """Field to heading, only those that have one."""
        pairs = {each.name: self.cleaned_data[f"map_{each.name}"] for each in self.targets}
        return {name: header for name, header in pairs.items() if header}

    def fields_for_columns(self) -> list[forms.BoundField]:
        """The bound choices, in the importer's order."""
        return [self[f"map_{target.name}"] for target in self.targets]

    def other_fields(self) -> list[forms.BoundField]:
        """Currency, what happens to known rows, and name of the mapping."""
        names = ("currency", "policy", "profile_name", "replaces")
        return [self[name] for name in names if name in self.fields]


class WordsForm(forms.Form):
    """What the words of a file mean, one choice per word; those left out stay unknown."""

    def __init__(self, *args: Any, words: Sequence[UnknownWord], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._words = {f"word_{each.field.name}_{each.key}": each for each in words}
        for name, each in self._words.items():
            known = dict.fromkeys(each.field.choices.values())
            self.fields[name] = forms.ChoiceField(
                label=f"{each.field.label} “{each.word[:60]}”",
                required=False,
                choices=[
                    ("", "Leave out"),
                    *(
                        (choice, each.field.labels.get(choice) or _spoken(choice))
                        for choice in known
                    ),
                ],
                help_text=f"{each.rows:,} row{'' if each.rows == 1 else 's'}",
            )

    @property
    def values(self) -> dict[str, dict[str, str]]:
        """What `actions.teach_words` takes."""
        taught: dict[str, dict[str, str]] = {}
        for name, each in self._words.items():
            if self.cleaned_data.get(name):
                taught.setdefault(each.field.name, {})[each.key] = self.cleaned_data[name]
        return taught


def _spoken(choice: str) -> str:
    return str(choice).replace("_", " ").capitalize()


def column_choices(run: ImportRun) -> list[tuple[str, str]]:
    """Headings, each with an example from the file."""
    choices = []
    for position, header in enumerate(run.detection["headers"]):
        cells = (row[position] for row in run.detection["sample"] if position < len(row))
        example = next((cell for cell in cells if cell), "")
        shown = f"{header}, e.g. {example[:30]}" if example else header
        choices.append((header, shown))
    return choices
