"""Static files with content hashes in their names, ES module imports included; own scripts without comments and spaces."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile
from rjsmin import jsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """Rewrites `import … from "./x.js"` too, so that modules may be cached for ever without an import map."""

    support_js_module_import_aggregation = True
    manifest_strict = False

    def create_compressor(self, **kwargs: Any) -> Any:
        return super().create_compressor(use_brotli=False, **kwargs)  # it would add seconds to every start, and saves little

    def _save(self, name: str, content: Any) -> str:
        if name.startswith("js/") and name.endswith(".js"):
            content.seek(0)
            content = ContentFile(jsmin(content.read().decode()).encode())
        return str(super()._save(name, content))
