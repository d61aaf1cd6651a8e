"""How forms look."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Fields with the project's own template: label, help, errors and input belong together for eyes and for screen readers."""

    field_template_name = "_form_field.html"
