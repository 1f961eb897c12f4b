"""The look: base templates, components, template tags and static files.

Owns: the shell (navigation, search, create menu, person menu), the component library, error
pages, sign-in pages, form rendering, charts. No models. Reads nothing of the apps: they
register what they want shown (`navigation`, `palette`, `shell.provide`).
"""
