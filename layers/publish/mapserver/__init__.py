"""WMS and the older WFS, answered by MapServer from the declared layers."""

from layers.publish.mapserver.features import wfs1

__all__ = ["wfs1"]
