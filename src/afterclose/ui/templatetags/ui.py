"""The components as template tags: `{% load ui %}`, and as functions for columns of lists.

Each theme is a module of afterclose.ui.tags; this one gathers them.
"""

from django import template

from afterclose.ui.tags import blocks, fields, health, numbers, pieces, words
from afterclose.ui.tags.health import health_ring, health_word, sparkline
from afterclose.ui.tags.numbers import bar, day, delta, money, number, progress, when
from afterclose.ui.tags.words import avatar, badge, icon, person, stage

__all__ = [
    "avatar",
    "badge",
    "bar",
    "day",
    "delta",
    "health_ring",
    "health_word",
    "icon",
    "money",
    "number",
    "person",
    "progress",
    "register",
    "sparkline",
    "stage",
    "when",
]

register = template.Library()

for _part in (blocks, fields, health, numbers, pieces, words):
    register.tags.update(_part.register.tags)
    register.filters.update(_part.register.filters)
