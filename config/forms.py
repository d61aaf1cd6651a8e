"""How forms look."""

from typing import Any

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """The project's own templates: what is wrong with the whole is said aloud; label, help, errors and input of a field belong together.

    A placeholder would only say the label again (those of django-allauth do): there is none.
    """

    form_template_name = "_form.html"
    field_template_name = "_form_field.html"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        if "widget" in context:
            context["widget"]["attrs"].pop("placeholder", None)
        return super().render(template_name, context, request)
