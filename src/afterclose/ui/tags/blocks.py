"""Blocks, drawn only where a page fills them, and addresses of static files."""

import re
from urllib.parse import unquote

from django import template
from django.template import Context
from django.template.base import Parser, Token
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

from afterclose.ui import addresses

register = template.Library()


class _TakeNode(template.Node):
    def __init__(self, name: str, variable: str) -> None:
        self.name = name
        self.variable = variable

    def render(self, context: Context) -> SafeString:
        blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
        block = blocks.get_block(self.name) if blocks else None
        html = block.render(context).strip() if block else ""
        context[self.variable] = mark_safe(html)  # a template's own output
        return mark_safe("")


@register.tag
def take(parser: Parser, token: Token) -> template.Node:
    """`{% take "lead" as lead %}`: a block's output as a variable, empty if no page fills it."""
    found = re.fullmatch(r'take "(\w+)" as (\w+)', token.contents)
    if found is None:
        raise template.TemplateSyntaxError('Write {% take "block" as variable %}.')
    return _TakeNode(found[1], found[2])


@register.simple_tag
def url_of(name: str, row_id: int) -> str:
    """`{% url_of "tasks:detail" task.id %}`: `{% url %}` for pages with many rows."""
    return addresses.url_of(name, row_id)


@register.simple_tag
def static_as_written(path: str) -> str:
    """`{% static %}` without escaping the @ of npm's scopes.

    What is preloaded must be written as the style sheet writes it, else it is loaded twice.
    """
    return unquote(static(path))
