"""Countries as files write them, to ISO 3166-1 alpha-2: GB, UK, United Kingdom."""

import re
from functools import cache

# Codes and names that files use beside ISO's and CLDR's English names.
ALIASES = {
    "uk": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "great britain": "GB",
    "gbr": "GB",
    "el": "GR",
    "usa": "US",
    "united states of america": "US",
    "america": "US",
    "deu": "DE",
    "fra": "FR",
    "ind": "IN",
    "can": "CA",
    "aus": "AU",
    "esp": "ES",
    "ita": "IT",
    "nld": "NL",
    "holland": "NL",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "republic of ireland": "IE",
    "south korea": "KR",
    "republic of korea": "KR",
    "korea": "KR",
    "uae": "AE",
    "russian federation": "RU",
    "viet nam": "VN",
    "turkey": "TR",
    "hong kong": "HK",
    "macau": "MO",
}


@cache
def _names() -> dict[str, str]:
    from babel import Locale  # its data is read when first needed

    names = {
        name.casefold(): code
        for code, name in Locale("en").territories.items()
        if re.fullmatch("[A-Z]{2}", code) and code not in ("ZZ", "EU", "EZ", "UN", "QO", "XA", "XB")
    }
    return names | {code.casefold(): code for code in names.values()} | ALIASES


def country_code(text: str) -> str | None:
    """The two-letter code of a country by code or English name; None when it is not one."""
    return _names().get(re.sub(r"[.\s]+", " ", text).strip().casefold().replace("u k", "uk"))
