"""Screens of the import: files in, columns, preview, progress, result (CS-7)."""

from __future__ import annotations

import tempfile
from itertools import zip_longest
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from afterclose.accounts.imports import actions, jobs, passes, profiles, queries
from afterclose.accounts.imports.command import rejected_csv
from afterclose.accounts.imports.forms import MappingForm, ReadingForm, UploadForm, WordsForm
from afterclose.accounts.imports.models import (
    REJECTED,
    ImportProfile,
    ImportRow,
    ImportRun,
    ImportSet,
    Outcome,
    RunState,
)
from afterclose.accounts.imports.problems import ImportProblem, NameTaken
from afterclose.accounts.imports.registry import importer_of
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.kit import clock
from afterclose.kit.digits import whole_number
from afterclose.kit.tabular import TabularError
from afterclose.ui import feedback
from afterclose.ui.lists.export import send

RUNS_PER_PAGE = 50
# Files up to this size are checked while the person waits; larger ones by a worker.
CHECKED_AT_ONCE = 512 * 1024
CHECKED_AT_ONCE_XLSX = 128 * 1024
SAMPLE_SHOWN = 5

TONES = {
    Outcome.CREATED: "good",
    Outcome.UPDATED: "info",
    Outcome.UNCHANGED: "neutral",
    Outcome.REPEATED: "warn",
    Outcome.ERROR: "bad",
}
STATE_TONES = {
    RunState.DONE: "good",
    RunState.FAILED: "bad",
    RunState.CANCELLED: "neutral",
    RunState.PREVIEWED: "info",
    RunState.MAPPING: "warn",
}


@require_safe
@page(right=Right.ACCOUNTS_IMPORT)
def index(request: MemberRequest) -> HttpResponse:
    """All files that came in, newest first."""
    found = Paginator(queries.runs(request.viewer), RUNS_PER_PAGE)
    shown = found.get_page(request.GET.get("page"))
    return render(
        request,
        "accounts/imports/list.html",
        {
            "page_obj": shown,
            "lines": [_line(run) for run in shown],
            "profiles": [
                (each, importer_of(each.kind).label) for each in queries.profiles(request.viewer)
            ],
        },
    )


@require_http_methods(["GET", "POST"])
@page(right=Right.ACCOUNTS_IMPORT)
def start(request: MemberRequest) -> HttpResponse:
    """Choose files; each is stored and looked at, then its columns are confirmed."""
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        profiles=list(queries.profiles(request.viewer)),
        last_shifted=queries.last_shifted_set(request.viewer),
        initial={"kind": request.GET.get("kind", "")},
    )
    if request.method == "POST" and form.is_valid():
        runs, problems = _take_in(request, form)
        if runs:
            for problem in problems:
                messages.error(request, problem)
            if len(runs) == 1:
                return redirect("imports:columns", runs[0].id)
            return redirect("imports:set", runs[0].import_set_id)
        for problem in problems:
            form.add_error("uploads", problem)
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "accounts/imports/start.html", {"form": form}, status=status)


def _take_in(request: MemberRequest, form: UploadForm) -> tuple[list[ImportRun], list[str]]:
    """Every file by itself: one that cannot be read does not keep out the others."""
    mode, days = form.shift_wish
    whole = actions.start_set(
        actor=request.viewer, at=clock.now(), shift_mode=mode, shift_days=days
    )
    runs: list[ImportRun] = []
    problems: list[str] = []
    for file in form.cleaned_data["uploads"]:
        profile = form.chosen_profile
        try:
            run = actions.take_in(
                actor=request.viewer,
                at=clock.now(),
                import_set=whole,
                file_name=file.name or "file",
                stream=file,
                size=file.size or 0,
                kind=form.cleaned_data["kind"] or (profile.kind if profile else ""),
                profile=profile,
            )
        except (TabularError, ImportProblem) as problem:
            problems.append(f"{file.name}: {problem}")
        else:
            runs.append(run)
    if not runs:
        whole.delete()
    return runs, problems


@require_safe
@page(right=Right.ACCOUNTS_IMPORT)
def show_set(request: MemberRequest, set_id: int) -> HttpResponse:
    """The files of one set in the order in which they are best imported."""
    try:
        whole = queries.import_set(request.viewer, set_id)
    except ImportSet.DoesNotExist:
        raise Http404 from None
    lines = [_line(run) for run in queries.runs_of_set(request.viewer, set_id)]
    following = next((line for line in lines if line["is_open"]), None)
    return render(
        request,
        "accounts/imports/set.html",
        {"import_set": whole, "lines": lines, "following": following},
    )


def _line(run: ImportRun) -> dict[str, Any]:
    return {
        "run": run,
        "label": importer_of(run.kind).label,
        "tone": STATE_TONES.get(RunState(run.state), "info"),
        "rejected": sum(run.counts.get(outcome, 0) for outcome in REJECTED),
        "counts": _counts(run),
        "is_open": run.state not in (RunState.DONE, RunState.CANCELLED, RunState.FAILED),
    }


def _counts(run: ImportRun) -> list[tuple[Outcome, int, str]]:
    counted = [(each, run.counts.get(each, 0)) for each in Outcome]
    return [(each, count, TONES[each] if count else "") for each, count in counted]


@require_safe
@page(right=Right.ACCOUNTS_IMPORT)
def columns(request: MemberRequest, run_id: int) -> HttpResponse:
    """What was detected and guessed, to be confirmed."""
    run = _run(request, run_id)
    if run.state not in actions.CHANGEABLE:
        return redirect("imports:run", run.id)
    return _columns_page(request, run)


@require_POST
@page(right=Right.ACCOUNTS_IMPORT)
def reading(request: MemberRequest, run_id: int) -> HttpResponse:
    """Read the file in another way, or as another kind."""
    run = _run(request, run_id)
    form = ReadingForm(request.POST, run=run)
    if not form.is_valid():
        return _columns_page(request, run, reading_form=form)
    try:
        actions.change_reading(
            actor=request.viewer,
            run_id=run.id,
            kind=form.cleaned_data["kind"],
            dialect=form.dialect,
        )
    except (TabularError, ImportProblem) as problem:
        field = getattr(problem, "field", "")
        form.add_error(field if field in form.fields else None, str(problem))
        return _columns_page(request, run, reading_form=form)
    return redirect("imports:columns", run.id)


def _columns_page(
    request: MemberRequest,
    run: ImportRun,
    *,
    reading_form: ReadingForm | None = None,
    mapping_form: MappingForm | None = None,
) -> HttpResponse:
    currency = request.viewer.settings.currency
    form = mapping_form or MappingForm(run=run, currency=currency)
    used = set(run.mapping.values())
    importer = importer_of(run.kind)
    return render(
        request,
        "accounts/imports/columns.html",
        {
            "run": run,
            "importer": importer,
            "reading_form": reading_form or ReadingForm(run=run),
            "form": form,
            "unused": [header for header in run.detection["headers"] if header not in used],
            "sample": run.detection["sample"][:SAMPLE_SHOWN],
            "siblings": len(queries.runs_of_set(request.viewer, run.import_set_id)) > 1,
        },
        status=422 if reading_form or mapping_form else 200,
    )


@require_http_methods(["GET", "POST"])
@page(right=Right.ACCOUNTS_IMPORT)
def show(request: MemberRequest, run_id: int) -> HttpResponse:
    """One file: its preview, progress or result. POST confirms the columns and checks it."""
    run = _run(request, run_id)
    if request.method == "POST":
        return _check(request, run)
    if run.state == RunState.MAPPING:
        return redirect("imports:columns", run.id)
    chosen = [each for each in request.GET.getlist("outcome") if each in Outcome.values]
    after = request.GET.get("after", "")
    shown = queries.rows(
        request.viewer,
        run,
        outcomes=chosen,
        after=whole_number(after) or 0,
    )
    counts = _counts(run)
    return render(
        request,
        "accounts/imports/run.html",
        {
            "run": run,
            "is_waiting": jobs.is_waiting(run),
            "importer": importer_of(run.kind),
            "counts": counts,
            "tone": STATE_TONES.get(RunState(run.state), "info"),
            "to_write": sum(run.counts.get(each, 0) for each in ("created", "updated")),
            "rejected": sum(run.counts.get(each, 0) for each in REJECTED),
            "headers": run.detection["headers"],
            "rows": [_shown(row, run.detection["headers"]) for row in shown.rows],
            "conflicts": queries.conflicts(request.viewer, run, shown.rows),
            "row_page": shown,
            "chosen": chosen,
            "following": _following(request, run),
            "words_form": _words_form(request, run),
            "may_change": run.state in (RunState.PREVIEWED, RunState.FAILED, RunState.CANCELLED)
            and run.finished_at is None,
        },
    )


def _words_form(request: MemberRequest, run: ImportRun) -> WordsForm | None:
    """Asked for while the file can still be checked again, where there are such words."""
    if run.state != RunState.PREVIEWED:
        return None
    unknown = queries.unknown_words(request.viewer, run)
    return WordsForm(request.POST or None, words=unknown) if unknown else None


@require_POST
@page(right=Right.ACCOUNTS_IMPORT)
def words(request: MemberRequest, run_id: int) -> HttpResponse:
    """Learn what words of the file mean, and check it again."""
    run = _run(request, run_id)
    form = _words_form(request, run)
    if form is not None and form.is_valid() and form.values:
        try:
            actions.teach_words(actor=request.viewer, run_id=run.id, values=form.values)
            run = passes.start_preview(actor=request.viewer, at=clock.now(), run_id=run.id)
        except ImportProblem as problem:
            messages.error(request, str(problem))
        else:
            _have_checked(run)
    return redirect("imports:run", run.id)


def _shown(row: ImportRow, headers: list[str]) -> tuple[ImportRow, Outcome, str, list[Any]]:
    """A row with its outcome, the outcome's tone, and its cells under their headings."""
    outcome = Outcome(row.outcome)
    cells = zip_longest(headers, row.cells[: len(headers)], fillvalue="")
    return row, outcome, TONES[outcome], list(cells)


def _following(request: MemberRequest, run: ImportRun) -> ImportRun | None:
    """The next file of the set that waits for somebody."""
    waiting = (RunState.MAPPING, RunState.PREVIEWED)
    others = queries.runs_of_set(request.viewer, run.import_set_id)
    return next((each for each in others if each.id != run.id and each.state in waiting), None)


def _check(request: MemberRequest, run: ImportRun) -> HttpResponse:
    form = MappingForm(request.POST, run=run, currency=request.viewer.settings.currency)
    if not form.is_valid():
        return _columns_page(request, run, mapping_form=form)
    now = clock.now()
    options = {
        "currency": form.cleaned_data.get("currency", ""),
        "policy": form.cleaned_data["policy"],
    }
    try:
        actions.confirm_mapping(
            actor=request.viewer, run_id=run.id, mapping=form.mapping, options=options
        )
        if form.cleaned_data["profile_name"].strip():
            name = form.cleaned_data["profile_name"]
            replaces = form.replaces(name)
            profiles.save(actor=request.viewer, at=now, run_id=run.id, name=name, replaces=replaces)
        run = passes.start_preview(actor=request.viewer, at=now, run_id=run.id)
    except ImportProblem as problem:
        if isinstance(problem, NameTaken):
            form.offer_to_replace(problem.name)
            run.refresh_from_db()  # its columns are confirmed
        form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        return _columns_page(request, run, mapping_form=form)
    _have_checked(run)
    return redirect("imports:run", run.id)


def _have_checked(run: ImportRun) -> None:
    """Small files now, large ones by a worker."""
    is_sheet = run.dialect["format"] == "xlsx"
    if run.file_size <= (CHECKED_AT_ONCE_XLSX if is_sheet else CHECKED_AT_ONCE):
        jobs.run_to_end(run.id)
    else:
        jobs.defer_pass(run)


@require_GET
@page(right=Right.ACCOUNTS_IMPORT)
def progress(request: MemberRequest, run_id: int) -> HttpResponse:
    """The bar, asked for again and again; done, it leads to the page of the file."""
    run = _run(request, run_id)
    if not run.is_at_work:
        return feedback.go(request, _url(run))
    context = {"run": run, "is_waiting": jobs.is_waiting(run)}
    return render(request, "accounts/imports/_progress.html", context)


def _url(run: ImportRun) -> str:
    return reverse("imports:run", args=[run.id])


@require_POST
@page(right=Right.ACCOUNTS_IMPORT)
def commit(request: MemberRequest, run_id: int) -> HttpResponse:
    """Import what was checked, in the background."""
    run = _run(request, run_id)
    try:
        run = passes.start_commit(actor=request.viewer, at=clock.now(), run_id=run.id)
    except ImportProblem as problem:
        messages.error(request, str(problem))
    else:
        jobs.defer_pass(run)
    return redirect("imports:run", run.id)


@require_POST
@page(right=Right.ACCOUNTS_IMPORT)
def cancel(request: MemberRequest, run_id: int) -> HttpResponse:
    """Stop; what was imported stays."""
    run = _run(request, run_id)
    passes.cancel(actor=request.viewer, at=clock.now(), run_id=run.id)
    messages.success(request, f"{run.file_name} cancelled")
    return redirect("imports:run", run.id)


@require_safe
@page(right=Right.ACCOUNTS_IMPORT)
def rejected(request: MemberRequest, run_id: int) -> HttpResponseBase:
    """The rows that were kept out, as a CSV file with line number and reason."""
    run = _run(request, run_id)
    # Written here: a stream would be read after the request's transaction, without rows. It may
    # be as long as the file itself, so not in memory.
    target = tempfile.TemporaryFile()  # noqa: SIM115  # the response closes it
    for piece in rejected_csv(run):
        target.write(piece)
    return send(request, target, f"{run.file_name.rsplit('.', 1)[0]}-rejected.csv", "csv")


@require_POST
@page(right=Right.ACCOUNTS_IMPORT)
def delete_profile(request: MemberRequest, profile_id: int) -> HttpResponse:
    """Forget a saved mapping."""
    try:
        name = profiles.delete(actor=request.viewer, at=clock.now(), profile_id=profile_id)
    except ImportProfile.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"Mapping {name} deleted")
    return redirect("imports:list")


def _run(request: MemberRequest, run_id: int) -> ImportRun:
    try:
        return queries.run(request.viewer, run_id)
    except ImportRun.DoesNotExist:
        raise Http404 from None
