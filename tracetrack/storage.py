"""Static files whose names carry a hash of what they hold, so that browsers keep them for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Also rewrites what ES modules import, or a new module would load yesterday's neighbour."""

    support_js_module_import_aggregation = True
