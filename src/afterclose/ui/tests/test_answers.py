"""Redirects, messages, errors and search as browsers and htmx get them."""

import json
from urllib.parse import quote

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client, override_settings

from afterclose.ui import errors, feedback

HTMX = {"HX-Request": "true", "Accept": "text/html"}
DRAWER = {**HTMX, "HX-Target": "div#drawer-body"}
PAGE = {"Accept": "text/html,*/*"}
GALLERY = "afterclose.ui.tests.gallery_urls"
GOOD = {"name": "Globex", "size": "mid", "starts_on": "2026-04-01", "cadence": "m"}

pytestmark = [pytest.mark.django_db, pytest.mark.urls(GALLERY)]


def toasts(response):
    return json.loads(response["HX-Trigger"])["toasts"]["items"]


def test_a_form_is_a_page_in_a_page_and_a_part_in_a_drawer(client):
    page = client.get("/_gallery/form/", headers=PAGE).content.decode()
    part = client.get("/_gallery/form/", headers=DRAWER).content.decode()
    assert "<!doctype html>" in page
    assert "<!doctype html>" not in part
    assert "Add account" in page
    assert 'id="drawer-title"' in part


def test_a_redirect_becomes_a_visit_of_the_whole_page_for_htmx(client):
    response = client.post("/_gallery/form/", GOOD, headers=DRAWER)
    assert response.status_code == 204
    assert response["HX-Redirect"] == "/_gallery/"
    assert "Location" not in response


def test_a_message_before_a_redirect_is_shown_by_the_page_that_follows(client):
    client.post("/_gallery/form/", GOOD, headers=DRAWER)
    page = client.get("/_gallery/", headers=PAGE).content.decode()
    assert "Globex was saved." in page


def test_errors_stand_at_the_field_and_in_a_summary_that_links_to_it(client):
    response = client.post("/_gallery/form/", {"name": "Acme", "notes": "kept"}, headers=PAGE)
    html = response.content.decode()
    assert response.status_code == 422
    assert "4 things need your attention" in html
    assert '<a href="#id_name">Account name</a>: An account of this name exists.' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert "id_name_error" in html.split('name="name"')[1].split(">")[0]
    assert "kept" in html


def test_an_htmx_answer_says_what_it_did(client):
    (toast,) = toasts(client.get("/_gallery/toast/", headers=HTMX))
    assert toast == {"text": "Marked complete.", "level": "success"}


def test_several_things_can_be_announced_at_once():
    from django.http import HttpResponse

    response = feedback.close_drawer(HttpResponse())
    feedback.toast(response, "One")
    feedback.toast(response, "Two", "error")
    feedback.announce(response, "tasks-changed")
    raised = json.loads(response["HX-Trigger"])
    assert set(raised) == {"close-drawer", "toasts", "tasks-changed"}
    assert [item["text"] for item in raised["toasts"]["items"]] == ["One", "Two"]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 503])
def test_every_error_says_what_why_and_what_to_do(client, status):
    response = client.get(f"/_gallery/error/{status}/", headers=PAGE)
    html = response.content.decode()
    problem = {p.status: p for p in vars(errors).values() if isinstance(p, errors.Problem)}
    assert response.status_code == status
    assert f"Error {status}" in html
    if status != 403:
        assert problem[status].title in html
        assert problem[status].todo in html


def test_an_error_in_a_panel_is_small(client):
    response = client.get("/_gallery/panel/broken/", headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 500
    assert "<html" not in html
    assert "data-retry" in html


def test_a_program_gets_json(client):
    response = client.get("/nowhere/", headers={"Accept": "application/json"})
    assert response.status_code == 404
    assert response.json()["error"] == "This page does not exist"


def test_the_reason_of_a_refusal_is_shown(rf):
    said = "Your role does not include “tax.view”. Ask an admin of your business for it."
    response = errors.forbidden(rf.get("/", headers=PAGE), PermissionDenied(said))
    assert said in response.content.decode()


def test_what_the_resolver_or_django_says_of_a_404_is_not_shown(rf):
    for inside in ({"path": "x", "tried": []}, "No Account matches the given query."):
        response = errors.not_found(rf.get("/", headers=PAGE), Http404(inside))
        assert "or it belongs to another business" in response.content.decode()


def test_a_wrong_verb_gets_a_page_and_keeps_its_allow_header(cast, sign_in):
    response = sign_in(cast.owner).post("/search/", headers=PAGE)
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert "This address cannot be used that way" in response.content.decode()


def test_a_form_without_its_key_is_explained():
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/_gallery/form/", GOOD, headers=PAGE)
    assert response.status_code == 403
    assert "too old to be sent" in response.content.decode()


def test_an_error_page_comes_out_even_when_the_frame_cannot(rf, monkeypatch):
    class Broken:
        def may(self, right):
            raise RuntimeError("the database is away")

    request = rf.get("/", headers=PAGE)
    request.viewer = Broken()
    monkeypatch.setattr(
        "afterclose.ui.errors.render_to_string",
        lambda name, context, *rest, _real=errors.render_to_string: (
            pytest.fail("unexpected") if name is None else _fail_framed(name, context, rest, _real)
        ),
    )
    response = errors.not_found(request)
    assert response.status_code == 404
    assert "This page does not exist" in response.content.decode()


def _fail_framed(name, context, rest, real):
    if "framed" in name:
        raise RuntimeError("the database is away")
    return real(name, context, *rest)


def test_a_visitor_is_sent_to_sign_in_before_searching(client):
    response = client.get("/search/?q=acme", headers=PAGE)
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/login/")


def test_a_lazy_part_of_an_expired_session_sends_the_page_to_sign_in(client):
    response = client.get("/search/?q=acme", headers=HTMX)
    assert response.status_code == 204
    assert response["HX-Redirect"].startswith("/sign-in/login/")


def test_search_is_a_page_and_a_part(cast, sign_in):
    dana = sign_in(cast.owner)
    page = dana.get("/search/?q=zzz", headers=PAGE).content.decode()
    part = dana.get("/search/?q=zzz", headers=HTMX).content.decode()
    assert "Nothing found" in page
    assert "<html" in page
    assert "Nothing found for “zzz”." in part
    assert "<html" not in part


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\x00", "a" * 5000, "%' OR 1=1 --"])
def test_search_bears_any_text(cast, sign_in, text):
    response = sign_in(cast.owner).get(f"/search/?q={quote(text)}", headers=HTMX)
    assert response.status_code == 200
    assert "<script>" not in response.content.decode()


def test_the_theme_of_the_cookie_is_there_from_the_first_byte(client):
    client.cookies["theme"] = "dark"
    assert 'data-bs-theme="dark"' in client.get("/_gallery/").content.decode()
    client.cookies["theme"] = '"><script>'
    assert "data-bs-theme" not in client.get("/_gallery/").content.decode().split("<head>")[0]


def test_no_page_of_the_gallery_has_inline_code_or_styles(client):
    for path in ("", "table/", "form/", "bare/", "error/404/", "error/500/"):
        html = client.get(f"/_gallery/{path}", headers=PAGE).content.decode()
        assert " style=" not in html, path
        assert " onclick=" not in html, path
        for script in html.split("<script")[1:]:
            opening = script.split(">")[0]
            assert "src=" in opening or "application/json" in opening, path


@override_settings(DEBUG=False)
def test_sign_in_pages_are_ours(client):
    html = client.get("/sign-in/login/", headers=PAGE).content.decode()
    assert "bare-card" in html
    assert 'name="password"' in html
    closed = client.get("/sign-in/signup/", headers=PAGE).content.decode()
    assert "by invitation" in closed
