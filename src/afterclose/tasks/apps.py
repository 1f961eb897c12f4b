"""Django's registration of the app, and what it adds to the pages below it."""

from django.apps import AppConfig


class TasksConfig(AppConfig):
    """See the package's docstring."""

    name = "afterclose.tasks"
    label = "tasks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Navigation, the create menu, search, its panel on the account page, its number."""
        from afterclose.accounts import panels
        from afterclose.accounts.merging import rules
        from afterclose.businesses.permissions import Right
        from afterclose.kit import numbers
        from afterclose.tasks import kinds, merging, queries
        from afterclose.ui import navigation, palette

        kinds.declare()
        navigation.register(
            navigation.Entry(
                section="",
                label="My tasks",
                url_name="tasks:mine",
                icon="checkbox",
                right=Right.TASKS_VIEW,
                order=15,
                keywords=("to do", "due", "overdue", "calendar"),
                prefix="/tasks/",
            )
        )
        navigation.register_create(
            navigation.Create(
                label="Task",
                url_name="tasks:add",
                icon="checkbox",
                right=Right.TASKS_EDIT,
                drawer=True,
                order=15,
            )
        )
        palette.register("Tasks", queries.find_tasks, order=30)
        panels.register(
            panels.Panel(
                key="tasks",
                title="Tasks",
                url_name="tasks:account_panel",
                right=Right.TASKS_VIEW,
                icon="checkbox",
                order=12,
                area="side",
                height=8,
                refresh="tasks-changed",
            )
        )
        panels.register(
            panels.Panel(
                key="tasks",
                title="Tasks",
                url_name="tasks:contact_panel",
                right=Right.TASKS_VIEW,
                icon="checkbox",
                order=12,
                area="side",
                height=8,
                refresh="tasks-changed",
                page="contact",
            )
        )
        rules.register_settlement("tasks", merging.follow_contact)
        numbers.register(
            numbers.Number("tasks.mine", "My tasks", "tasks", "docs/numbers/home.md", queries.mine)
        )
