from django.urls import reverse

from afterclose.accounts.models import Account, AtRiskFlag, Event, Stage


def page(name, *args):
    return reverse(f"accounts:{name}", args=args)


def test_the_account_page_shows_the_head_and_asks_for_its_panels(cast, sign_in):
    answer = sign_in(cast.manager).get(page("detail", cast.acme.id))
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Acme" in text
    for name in ("accounts:timeline", "accounts:contacts_panel", "billing:panel", "usage:panel"):
        assert reverse(name, args=[cast.acme.id]) in text


def test_every_panel_answers_also_for_an_account_without_any_data(cast, sign_in):
    client = sign_in(cast.manager)
    for account in (cast.acme, cast.elm):
        for name in (
            "accounts:timeline",
            "accounts:contacts_panel",
            "billing:panel",
            "usage:panel",
            "support:panel",
            "feedback:panel",
        ):
            assert client.get(reverse(name, args=[account.id])).status_code == 200, name


def test_an_account_is_made_by_hand_and_a_wrong_field_is_named(cast, sign_in):
    client = sign_in(cast.manager)
    wrong = client.post(
        page("create"), {"name": "Gale", "stage": "active", "country": "Germany", "seats": "-1"}
    )
    assert wrong.status_code == 422
    assert set(wrong.context["form"].errors) == {"country", "seats"}
    made = client.post(
        page("create"), {"name": "Gale", "stage": "active", "domain": "GALE.example"}
    )
    with cast.at_work():
        account = Account.objects.get(name="Gale")
    assert made.headers["Location"] == page("detail", account.id)
    assert account.domain == "gale.example"


def test_a_taken_external_id_is_said_at_the_form(cast, sign_in):
    answer = sign_in(cast.manager).post(
        page("create"), {"name": "Twin", "stage": "active", "external_id": "acme"}
    )
    assert answer.status_code == 422
    assert "already exists" in str(answer.context["form"].errors)


def test_editing_keeps_what_was_not_changed(cast, sign_in):
    client = sign_in(cast.manager)
    form = client.get(page("edit", cast.acme.id)).context["form"]
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    client.post(page("edit", cast.acme.id), {**values, "plan": "Enterprise"})
    with cast.at_work():
        changed = Account.objects.get(pk=cast.acme.id)
    assert changed.plan == "Enterprise"
    assert (changed.domain, changed.csm_id) == (cast.acme.domain, cast.acme.csm_id)


def test_flag_and_clear_through_the_pages(cast, sign_in):
    client = sign_in(cast.manager)
    client.post(page("flag", cast.acme.id), {"reasons": ["price"], "note": "Said so"})
    assert b"At risk since" in client.get(page("detail", cast.acme.id)).content
    client.post(page("clear", cast.acme.id), {"note": "Solved"})
    with cast.at_work():
        assert AtRiskFlag.objects.get(account=cast.acme).cleared_at is not None


def test_the_stage_changes_from_the_page(cast, sign_in):
    sign_in(cast.manager).post(page("stage", cast.acme.id), {"stage": "renewal"})
    with cast.at_work():
        assert Account.objects.get(pk=cast.acme.id).stage == Stage.RENEWAL


def test_an_empty_activity_is_refused_and_a_real_one_logged(cast, sign_in):
    client = sign_in(cast.manager)
    assert client.post(page("log", cast.acme.id), {"kind": "activity.call"}).status_code == 422
    client.post(page("log", cast.acme.id), {"kind": "activity.call", "title": "Talked"})
    with cast.at_work():
        assert Event.objects.filter(kind="activity.call", title="Talked").exists()


def test_what_people_write_is_shown_as_text_never_as_markup(cast, sign_in):
    client = sign_in(cast.manager)
    client.post(
        page("log", cast.acme.id),
        {"kind": "activity.note", "title": "<b>x</b>", "body": "<script>alert(1)</script>"},
    )
    feed = client.get(page("timeline", cast.acme.id)).content.decode()
    assert "<script>" not in feed
    assert "&lt;script&gt;" in feed
