"""How forms look."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """The project's own templates: what is wrong with the whole is said aloud; label, help, errors and input of a field belong together."""

    form_template_name = "_form.html"
    field_template_name = "_form_field.html"
