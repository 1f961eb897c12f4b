"""Django's registration of the app."""

from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.segments"
    label = "segments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fields of the apps below, navigation, and the filter in the account list."""
        from afterclose.accounts import uses
        from afterclose.accounts.lists import AccountList
        from afterclose.businesses.permissions import Right
        from afterclose.segments import account_fields, custom, naming, queries, searching
        from afterclose.ui import navigation, palette
        from afterclose.ui.lists import RelationFilter

        uses.register(naming.using)
        uses.when_tags_merge.append(searching.follow_tags)
        uses.when_merges_of_tags_are_undone.append(searching.follow_tags_back)
        _register_merging()
        account_fields.register()
        custom.register()
        AccountList.register_filter(
            RelationFilter(
                "segment",
                "Segment",
                options=queries.segment_options,
                labels=queries.segment_labels,
                where=queries.in_segments,
                empty="",
                thing="segment",
                visible=lambda viewer: viewer.may(Right.SEGMENTS_VIEW),
            ),
            after="at_risk",
        )
        navigation.register(
            navigation.Entry(
                section="Success",
                label="Segments",
                url_name="segments:list",
                icon="filter",
                right=Right.SEGMENTS_VIEW,
                order=70,
                keywords=("lists", "conditions", "filters", "cohorts"),
            )
        )
        navigation.register_create(
            navigation.Create(
                label="Segment",
                url_name="segments:create",
                icon="filter",
                right=Right.SEGMENTS_EDIT,
                order=40,
            )
        )
        palette.register("Segments", queries.find_segments, order=40)
        _register_panels()


def _register_panels() -> None:
    """Which segments an account or contact is in, on their pages."""
    from afterclose.accounts import panels
    from afterclose.businesses.permissions import Right

    pages: tuple[panels.Page, ...] = ("account", "contact")
    for page in pages:
        panels.register(
            panels.Panel(
                key="segments",
                title="Segments",
                url_name=f"segments:{page}_panel",
                right=Right.SEGMENTS_VIEW,
                icon="filter",
                order=60,
                area="side",
                height="sm",
                page=page,
            )
        )


def _register_merging() -> None:
    """Whoever is in a segment with both accounts of a merge is in it since the earlier day."""
    from afterclose.accounts.merging import rules
    from afterclose.segments.models import AccountMembership, ContactMembership

    for model in (AccountMembership, ContactMembership):
        rules.register(model, rules.Rule({"entered_at": "LEAST(w.entered_at, l.entered_at)"}))
