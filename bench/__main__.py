"""``bin/bench [--only nightly pages lists segments import] [--sizes 100000 1000000] [--keep]``"""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime


def main() -> None:
    """Measure what was asked for and print it; ``--keep`` writes it into the document."""
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    everything = ("nightly", "pages", "lists", "segments", "import")
    parser.add_argument("--only", nargs="+", choices=everything)
    parser.add_argument("--sizes", nargs="+", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--keep", action="store_true", help="write docs/performance.md")
    options = parser.parse_args()
    wanted = options.only or everything

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "afterclose.config.settings")
    import django

    django.setup()
    from bench import books, imports, lists, machine, nightly, pages, report, segments

    results: dict[str, str] = {}
    print(machine.described())
    smallest = min(options.sizes)
    for size in options.sizes if "nightly" in wanted else [smallest]:
        if wanted == ["import"]:
            break
        _, seconds = books.book(size)
        if seconds:
            print(f"\n{size:,} sample accounts made in {seconds:.0f} s")
    if "nightly" in wanted:
        nights = [nightly.night(books.book(size)[0], options.processes) for size in options.sizes]
        results["nightly"] = report.of_nights(nights)
    if "pages" in wanted:
        results["pages"] = report.of_pages(pages.pages(books.book(smallest)[0]))
    if "lists" in wanted:
        results["lists"] = report.of_lists(lists.combinations(books.book(smallest)[0]))
    if "segments" in wanted:
        rounds = [segments.segments(books.book(smallest)[0])]
        results["segments"] = report.of_segments(rounds)
    if "import" in wanted:
        results["import"] = report.of_imports([imports.loaded(smallest)])
    day = datetime.now(UTC).date()
    note = (
        f"Measured on {day:%d %B %Y} on {machine.described()}, load average {machine.busy():.1f}."
    )
    for name, text in results.items():
        print(f"\n{name}\n{text}")
        if options.keep:
            report.keep(name, f"{note}\n\n{text}")
    print(f"\n{note}")


if __name__ == "__main__":
    main()
