"""What each page loads: complete, small, and without what nobody uses."""

import re

import pytest
from django.contrib.staticfiles import finders

from afterclose.ui import bundles
from afterclose.ui.stylesheet import Vocabulary, trimmed, vocabulary

KNOWN = Vocabulary({"card", "btn", "show"}, ("tone-",))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (".card{color:red}", ".card{color:red}"),
        (".carousel{color:red}", ""),
        (".card,.carousel{color:red}", ".card{color:red}"),
        (".card .carousel{color:red}", ""),
        (".tone-bad{color:red}", ".tone-bad{color:red}"),
        ("a:hover{color:red}", "a:hover{color:red}"),
        (".card:not(.carousel){color:red}", ".card:not(.carousel){color:red}"),
        (".card:is(.a,.b) p{color:red}", ".card:is(.a,.b) p{color:red}"),
        ("@media (width>1px){.carousel{color:red}}", ""),
        ("@media (width>1px){.btn{color:red}}", "@media (width>1px){.btn{color:red}}"),
        (
            '.btn{content:"}.x{";background:url("data:a;b{c}")}',
            '.btn{content:"}.x{";background:url("data:a;b{c}")}',
        ),
        (":root{--a:1;--b:2}.btn{width:var(--a)}", ":root{--a:1}.btn{width:var(--a)}"),
        (":root{--a:var(--b);--b:2;--c:3}.btn{width:var(--a)}",
         ":root{--a:var(--b);--b:2}.btn{width:var(--a)}"),
        (":root{--a:var(--b);--b:2}.btn{width:1px}", ".btn{width:1px}"),
        ("@keyframes spin{to{top:0}}.btn{animation:1s spin}",
         "@keyframes spin{to{top:0}}.btn{animation:1s spin}"),
        ("@keyframes spin{to{top:0}}.btn{color:red}", ".btn{color:red}"),
        ("@font-face{font-family:x}", "@font-face{font-family:x}"),
        ("/* a */.btn{/* b */color:red}/*# sourceMappingURL=x.map */", ".btn{color:red}"),
        ('@charset "UTF-8";/*! licence */.btn{color:red}',
         '@charset "UTF-8";/*! licence */\n.btn{color:red}'),
        ("[data-vc=month]{color:red}", ""),
        (".card:not([data-vc]){color:red}", ".card:not([data-vc]){color:red}"),
        (r".w-1\/2,.btn\:x{color:red}", ""),
        (".btn{color:red;*zoom:1}", ".btn{color:red}"),
        ("@supports (display:grid){@media print{.carousel{top:0}}}.btn{top:0}", ".btn{top:0}"),
        ("[data-bs-theme=dark] .btn{color:red}", "[data-bs-theme=dark] .btn{color:red}"),
    ],
)  # fmt: skip
def test_a_sheet_loses_what_no_page_can_use(before, after):
    assert trimmed(before, KNOWN) == after


def test_a_property_that_another_file_reads_stays():
    assert trimmed(":root{--a:1;--b:2}", KNOWN, ["width: var(--b)"]) == ":root{--b:2}"


def test_templates_put_classes_together_and_python_writes_them_whole():
    known = vocabulary(['class="btn btn-{{ tone }}"', "`list-${kind}`"], ['f"nav-{x}" + "card"'])
    assert known.knows("btn-primary")
    assert known.knows("list-group")
    assert known.knows("card")
    assert not known.knows("nav-tabs")
    assert not known.knows("carousel")


@pytest.mark.parametrize("name", bundles.BUNDLES)
def test_every_bundle_is_found_and_every_part_of_it_exists(name):
    assert finders.find(name)
    assert all(bundles.path_of(part).is_file() for part in bundles.BUNDLES[name])


def test_the_script_is_its_parts_in_order():
    text = bundles.made("ui/page.js").read_text()
    first_lines = [
        bundles.path_of(part).read_text().splitlines()[0]
        for part in bundles.BUNDLES["ui/page.js"]
        if not part.startswith("npm/")
    ]
    places = [text.index(line) for line in first_lines]
    assert places == sorted(places)


def test_the_sheet_keeps_every_class_of_tabler_that_a_template_names():
    def classes(css):
        return set(re.findall(r"\.([A-Za-z][\w-]*)", css))

    tabler = classes(bundles.path_of(bundles.TABLER).read_text())
    kept = classes(bundles.made("ui/page.css").read_text())
    named = set()
    for path in bundles.SOURCE.rglob("templates/**/*.html"):
        for value in re.findall(r'class="([^"{]*)"', path.read_text()):
            named.update(value.split())
    assert len(named & tabler) > 100
    assert named & tabler - kept == set()


def test_a_changed_part_makes_the_bundle_anew(settings, tmp_path, monkeypatch):
    settings.STATIC_MADE = tmp_path
    before = bundles._made("ui/page.js", "a", str(tmp_path))
    assert before.read_text()
    monkeypatch.setattr(bundles, "BUNDLES", {"ui/page.js": ("ui/lazy.js",)})
    after = bundles._made("ui/page.js", "b", str(tmp_path))
    assert after.read_text() == bundles.path_of("ui/lazy.js").read_text()


def test_a_sheet_is_not_trimmed_again_until_something_changed(tmp_path, monkeypatch):
    def never(*_):
        raise AssertionError("trimmed again")

    made = bundles._made("ui/page.css", "first start", str(tmp_path))
    text = made.read_text()
    with monkeypatch.context() as second:
        second.setattr(bundles.stylesheet, "trimmed", never)
        assert bundles._made("ui/page.css", "second start", str(tmp_path)) == made
        made.write_text("half of")
        with pytest.raises(AssertionError, match="trimmed again"):
            bundles._made("ui/page.css", "third start", str(tmp_path))
    assert bundles._made("ui/page.css", "fourth start", str(tmp_path)).read_text() == text


def test_a_page_stays_within_what_it_may_weigh():
    # Uncompressed, before anybody does anything: a budget, not a goal. Nearly all of a page's
    # time on a phone is this; docs/performance.md has what was measured.
    assert bundles.made("ui/page.css").stat().st_size < 170_000
    assert bundles.made("ui/page.js").stat().st_size < 80_000
