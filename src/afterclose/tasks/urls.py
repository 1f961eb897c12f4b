"""Addresses of the app."""

from django.urls import path

from afterclose.tasks import feed, panels, views

app_name = "tasks"
urlpatterns = [
    path("", views.mine, name="mine"),
    path("all/", views.all_tasks, name="list"),
    path("add/", views.add, name="add"),
    path("quick/", views.quick, name="quick"),
    path("accounts/", views.account_options, name="account_options"),
    path("calendar/", feed.settings_page, name="calendar"),
    path("calendar/<str:secret>.ics", feed.feed, name="feed"),
    path("panels/groups/", panels.groups, name="groups"),
    path("panels/mine/", panels.mine, name="mine_panel"),
    path("panels/account/<int:account_id>/", panels.account, name="account_panel"),
    path("panels/contact/<int:contact_id>/", panels.contact, name="contact_panel"),
    path("<int:task_id>/", views.detail, name="detail"),
    path("<int:task_id>/edit/", views.edit, name="edit"),
    path("<int:task_id>/complete/", views.complete, name="complete"),
    path("<int:task_id>/reopen/", views.reopen, name="reopen"),
    path("<int:task_id>/delete/", views.delete, name="delete"),
    path("<int:task_id>/restore/", views.restore, name="restore"),
]
