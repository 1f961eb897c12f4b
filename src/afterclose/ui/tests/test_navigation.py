import pytest

from afterclose.ui import checks, navigation, palette
from afterclose.ui.navigation import Create, Entry


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(navigation, "_entries", {})
    monkeypatch.setattr(navigation, "_creates", {})
    monkeypatch.setattr(palette, "_providers", {})


def everything(entry):
    return True


def labels(sections):
    return [(section.label, [link.label for link in section.links]) for section in sections]


def test_sections_and_entries_come_in_the_order_of_the_product():
    navigation.register(Entry("Sign in", "account_login", "home", section="Success", order=2))
    navigation.register(Entry("Search", "ui:search", "search", section="Success", order=1))
    navigation.register(Entry("Home", "ui:search", "home"))
    assert labels(navigation.sections(everything)) == [
        ("", ["Home"]),
        ("Success", ["Search", "Sign in"]),
    ]


def test_what_is_not_allowed_is_absent_with_its_section():
    navigation.register(Entry("Search", "ui:search", "search"))
    navigation.register(Entry("Tax", "ui:search", "receipt", section="Finance", right="tax.view"))
    shown = navigation.sections(lambda entry: entry.right is None)
    assert labels(shown) == [("", ["Search"])]


def test_the_best_fitting_entry_is_active():
    navigation.register(Entry("Sign in", "account_login", "home", prefix="/a/"))
    navigation.register(Entry("Search", "ui:search", "search", prefix="/a/b/"))
    (section,) = navigation.sections(everything, "/a/b/c/")
    assert [link.label for link in section.links if link.active] == ["Search"]


def test_home_is_active_only_on_the_home_page():
    navigation.register(Entry("Home", "ui:search", "home", prefix="/"))
    assert not navigation.sections(everything, "/accounts/")[0].links[0].active
    assert navigation.sections(everything, "/")[0].links[0].active


def test_an_unknown_section_is_refused():
    with pytest.raises(ValueError, match="Marketing"):
        navigation.register(Entry("Mail", "ui:search", "mail", section="Marketing"))


def test_a_check_names_entries_that_lead_nowhere_and_unknown_icons():
    navigation.register(Entry("Lost", "no_such_page", "no-such-icon"))
    assert [problem.id for problem in checks.shell_registrations(None)] == ["ui.E001", "ui.E002"]


def test_the_palette_finds_records_pages_and_actions():
    navigation.register(Entry("Renewals", "ui:search", "refresh", keywords=("churn",)))
    navigation.register_create(Create("Account", "ui:search", drawer=True))
    palette.register(
        "Accounts", lambda viewer, text, limit: [palette.Hit(f"{viewer}: {text}", "/1/")]
    )
    groups = palette.search("Dana", "chu", everything)
    assert [(g.label, [h.label for h in g.hits]) for g in groups] == [
        ("Accounts", ["Dana: chu"]),
        ("Pages", ["Renewals"]),
    ]
    groups = palette.search("Dana", "create acc", everything)
    assert ("Actions", ["Create account"]) in [(g.label, [h.label for h in g.hits]) for g in groups]


def test_without_text_the_palette_offers_pages_and_asks_nobody():
    navigation.register(Entry("Renewals", "ui:search", "refresh"))
    palette.register("Accounts", lambda viewer, text, limit: pytest.fail("was asked"))
    assert [group.label for group in palette.search("Dana", "  ", everything)] == ["Pages"]


def test_the_palette_offers_no_page_that_the_person_may_not_see():
    navigation.register(Entry("Tax", "ui:search", "receipt", right="tax.view"))
    assert palette.search("Dana", "tax", lambda entry: False) == []
