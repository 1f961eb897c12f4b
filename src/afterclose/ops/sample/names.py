"""Invented companies and people: word lists of our own, combined by number (CS-97).

Every domain ends in ``.example`` (RFC 2606), so no sample address can be somebody's.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from random import Random
from typing import NamedTuple


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words("""
Alder Amber Anchor Arbor Ashgrove Aspen Atlas Aurora Basalt Bayside Beacon Birch Blackwell
Bluebird Bramble Brightwater Brook Calder Canopy Cardinal Carrow Cedar Chalk Cinder Citadel Cobalt
Compass Copper Coral Corvid Crescent Crown Dale Delta Drift Dune Eastgate Ember Evergreen Fairway
Falcon Fennel Fern Fieldstone Finch Firth Fjord Flint Foxglove Fulmar Garnet Glacier Glen Gorse
Granite Greenway Grove Gull Halcyon Harbour Hawthorn Hazel Heath Heron Highland Hollow Horizon
Indigo Iris Ironbark Ivory Jade Juniper Kelp Kestrel Keystone Kite Lagoon Lantern Larch Lark
Laurel Linden Loch Lumen Lynx Magpie Maple Marlow Marsh Meadow Meridian Mesa Millstone Mistral
Moor Moss Nettle Nimbus Northfield Nova Oakridge Ochre Onyx Opal Orchard Osprey Otter Palisade
Pebble Pelican Peregrine Pine Plover Poplar Prairie Quarry Quartz Quill Rampart Raven Redwood Reef
Ridge River Rowan Saffron Sable Sage Sandpiper Sequoia Shale Silver Slate Solstice Sparrow Spruce
Starling Sterling Stonebridge Summit Swift Sycamore Talon Tamarind Teal Tern Thistle Thornbury
Tidewater Timber Topaz Tundra Umber Vale Vantage Verdant Vesper Vista Walnut Wavecrest Westmark
Wharf Willow Winter Wren Yarrow Zephyr
""")

# The second word of a name says what the company does.
INDUSTRIES: dict[str, tuple[str, ...]] = {
    "Software": ("Software", "Systems", "Labs", "Cloud", "Digital", "Apps"),
    "Financial services": ("Capital", "Finance", "Payments", "Savings", "Assurance"),
    "Healthcare": ("Health", "Clinics", "Care", "Diagnostics", "Medical"),
    "Retail": ("Retail", "Stores", "Outfitters", "Market", "Goods"),
    "Manufacturing": ("Works", "Manufacturing", "Industries", "Tooling", "Instruments"),
    "Logistics": ("Logistics", "Freight", "Shipping", "Haulage", "Couriers"),
    "Education": ("Academy", "Learning", "Schools", "Tutors"),
    "Media": ("Media", "Studios", "Press", "Broadcasting"),
    "Energy": ("Energy", "Power", "Solar", "Utilities"),
    "Hospitality": ("Hotels", "Kitchens", "Resorts", "Travel"),
    "Construction": ("Builders", "Homes", "Engineering", "Estates"),
    "Nonprofit": ("Foundation", "Trust", "Alliance"),
}
_SECOND = tuple((word, industry) for industry, words in INDUSTRIES.items() for word in words)


class Place(NamedTuple):
    """A country with what follows from it: currency, cities, whose names are common there."""

    country: str
    currency: str
    weight: int
    cities: tuple[str, ...]
    people: tuple[str, ...]


PLACES = (
    Place("US", "USD", 40, ("Denver", "Austin", "Boston", "Seattle"), ("en", "es", "in", "zh")),
    Place("GB", "GBP", 12, ("Leeds", "Bristol", "London"), ("en", "in", "ng")),
    Place("DE", "EUR", 8, ("Hamburg", "Köln", "Leipzig"), ("de", "tr")),
    Place("FR", "EUR", 5, ("Lyon", "Nantes"), ("fr", "ar")),
    Place("NL", "EUR", 4, ("Utrecht", "Rotterdam"), ("nl",)),
    Place("ES", "EUR", 3, ("Valencia", "Bilbao"), ("es",)),
    Place("SE", "USD", 3, ("Malmö", "Göteborg"), ("sv",)),
    Place("PL", "EUR", 2, ("Kraków", "Wrocław"), ("pl",)),
    Place("JP", "JPY", 4, ("Osaka", "Nagoya"), ("ja",)),
    Place("IN", "USD", 5, ("Pune", "Bengaluru"), ("in",)),
    Place("BR", "USD", 3, ("São Paulo", "Recife"), ("pt",)),
    Place("CA", "USD", 5, ("Toronto", "Halifax"), ("en", "fr", "zh")),
    Place("AU", "USD", 3, ("Brisbane", "Perth"), ("en", "zh")),
    Place("NG", "USD", 1, ("Lagos", "Abuja"), ("ng",)),
    Place("KE", "USD", 1, ("Nairobi", "Mombasa"), ("ke",)),
    Place("MX", "USD", 1, ("Puebla", "Mérida"), ("es",)),
)
_PLACE_WEIGHTS = [place.weight for place in PLACES]


class Culture(NamedTuple):
    """Given and family names that go together."""

    given: tuple[str, ...]
    family: tuple[str, ...]


def _culture(given: str, family: str) -> Culture:
    return Culture(_words(given), _words(family))


CULTURES = {
    "en": _culture(
        "Amelia Grace Hannah Ruby Chloe Imogen Owen Caleb Declan Marcus Elliot Harriet Jonah Tess",
        "Whitfield Barlow Kessler Hargreaves Donnelly Prescott Ashby Lockwood Mercer Tully Rourke",
    ),
    "de": _culture(
        "Anneke Jürgen Katharina Matthias Sabine Torsten Lena Björn Heike Ulrich",
        "Brandt Vogel Lindner Krüger Seidel Böhm Hartwig Möller Reuter Kästner",
    ),
    "fr": _culture(
        "Camille Élodie Mathieu Thérèse Bastien Océane Rémi Solène Gaëlle Laurent",
        "Fournier Lemaire Chevallier Delacroix Perrin Gauthier Besson Marchand",
    ),
    "nl": _culture(
        "Femke Joost Maaike Sander Wouter Liesbeth Bram Anouk",
        "Verhoeven Dijkstra Hoekstra Kuipers Bosman Terpstra Schouten",
    ),
    "es": _culture(
        "Lucía Andrés Marisol Joaquín Ximena Ramón Inés Álvaro",
        "Quintana Ibáñez Salcedo Villanueva Peña Arroyo Montoya Zúñiga",
    ),
    "sv": _culture(
        "Astrid Linnéa Gustav Freja Åsa Henrik Maja", "Lindqvist Sjöberg Ekström Nyberg Hallström"
    ),
    "pl": _culture(
        "Agnieszka Wojciech Małgorzata Łukasz Zofia Paweł", "Wójcik Zieliński Kamińska Dąbrowski"
    ),
    "ja": _culture(
        "Haruka Kenji Yumi Takeshi Aiko Ren Sakura Daichi",
        "Nakamura Fujimoto Hayashi Okada Shimizu Morita Kondo",
    ),
    "zh": _culture("Wei Mei Jun Xin Lan Hao Yan", "Chen Zhao Lin Huang Wu Zhou Guo"),
    "in": _culture(
        "Ananya Rohan Priya Vikram Deepa Arjun Kavita Sanjay Meera Nikhil",
        "Iyer Banerjee Deshmukh Kulkarni Rao Chatterjee Menon Agarwal",
    ),
    "pt": _culture(
        "Beatriz Thiago João Larissa Caetano Conceição",
        "Figueiredo Nogueira Araújo Teixeira Brandão",
    ),
    "ng": _culture("Adaeze Chidi Folake Emeka Ngozi Tunde", "Okonkwo Adeyemi Balogun Eze Olawale"),
    "ke": _culture("Wanjiru Otieno Achieng Kamau Njeri", "Mwangi Odhiambo Kariuki Wekesa Njoroge"),
    "tr": _culture("Elif Emre Zeynep Burak Aylin", "Yıldız Demir Aksoy Kaplan Öztürk"),
    "ar": _culture("Leïla Karim Samira Youssef Nadia", "Benali Haddad Mansouri Khoury Saïdi"),
}

TITLES = (
    "Head of Operations",
    "VP Finance",
    "IT Manager",
    "Operations Analyst",
    "Chief Operating Officer",
    "Product Manager",
    "Procurement Lead",
    "Data Analyst",
    "Team Lead",
    "Managing Director",
    "Project Manager",
    "Systems Engineer",
    "Customer Support Lead",
    "",
)
SOURCES = ("Referral", "Website", "Outbound", "Partner", "Event", "Search", "")


class Company(NamedTuple):
    """Who a customer is."""

    name: str
    domain: str
    industry: str
    place: Place


class Contact(NamedTuple):
    """A person at a customer; the address is unique within the account."""

    name: str
    email: str
    title: str
    phone: str


def company(number: int, seed: int, dice: Random) -> Company:
    """The company of a number: names and domains differ for different numbers of one seed.

    Numbers walk through all pairs of words by a step that shares no factor with their count;
    each further round adds a city, then a numeral.
    """
    place = dice.choices(PLACES, _PLACE_WEIGHTS)[0]
    pairs = len(_FIRST) * len(_SECOND)
    lap, position = divmod(number, pairs)
    mixed = (position * 4999 + seed * 611_953) % pairs
    first = _FIRST[mixed % len(_FIRST)]
    second, industry = _SECOND[mixed // len(_FIRST)]
    name = f"{first} {second}"
    if lap:
        cities = [city for each in PLACES for city in each.cities]
        name += f" {cities[(lap - 1) % len(cities)]}"
        if lap > len(cities):
            name += f" {lap // len(cities) + 1}"
    return Company(name, f"{slug(name)}.example", industry, place)


def person(dice: Random, place: Place, domain: str, taken: set[str]) -> Contact:
    """Somebody at a company; ``taken`` holds the addresses given out there and is added to."""
    culture = CULTURES[dice.choice(place.people)]
    given, family = dice.choice(culture.given), dice.choice(culture.family)
    email = stem = f"{slug(given)}.{slug(family)}"
    number = 2
    while email in taken:
        email = f"{stem}{number}"
        number += 1
    taken.add(email)
    phone = f"+{dice.randrange(20, 99)} {dice.randrange(100, 999)} 555 01{dice.randrange(10, 99)}"
    if dice.random() < 0.35:
        phone = ""
    return Contact(f"{given} {family}", f"{email}@{domain}", dice.choice(TITLES), phone)


_LETTERS = str.maketrans({"ø": "o", "ł": "l", "ı": "i", "ß": "ss", "đ": "d", "æ": "ae"})


@lru_cache(maxsize=4096)
def slug(text: str) -> str:
    """Lower-case ASCII letters and digits, words joined by nothing."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return "".join(c for c in plain if c.isascii() and c.isalnum())
