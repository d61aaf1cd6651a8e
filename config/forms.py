"""How forms look."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """The project's own templates: what is wrong with the whole form is said aloud; of a field label, help, errors and input belong together."""

    form_template_name = "_form.html"
    field_template_name = "_form_field.html"
