"""Static files with content hashes in their names, ES module imports included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """Rewrites `import … from "./x.js"` too, so that modules may be cached for ever without an import map."""

    support_js_module_import_aggregation = True
    manifest_strict = False
