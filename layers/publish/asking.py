"""The map's filter on every service: the same parameters, read before anything is asked of an engine.

A service's address carries its own parameters (`REQUEST`, `BBOX` …) and the map's beside each other. Names are read in any
case. A parameter holds for every layer whose filter has it. Standards tell servers to pass over parameters they do not
know; a parameter that looks like a misspelt criterion is an error all the same, lest a typing slip answers "everything".
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from geo.errors import InvalidParameter, InvalidParameters
from geo.filtering import FilterSet
from layers.publish.collection import Collection

EXTENT = "extent"  # what the map calls `bbox`, which is the services' own word
ALIKE = 0.8
# of the services and of common clients, never a slip
WORDS = (
    "bbox bbox-crs bgcolor count crs datetime exceptions filter filter-crs filter-lang filter_language f featureid format "
    "geometryname height i info_format j lang language layer layers limit map_resolution dpi maxfeatures namespace namespaces "
    "offset outputformat propertyname query_layers request resolvedepth resolve resolvetimeout resource_id resourceid "
    "resulttype rule scale service sld sld_body sortby srs srsname startindex storedquery_id style styles tiled time transparent "
    "typename typenames updatesequence valuereference version width x y feature_count properties skipgeometry"
)
OWN_WORDS = frozenset(WORDS.split())


@dataclass(frozen=True)
class Asked:
    """What a request asks of the layers: a filter for each by name, and the same as a query string for addresses."""

    filters: dict[str, FilterSet]
    query: str

    def of(self, collection: Collection) -> FilterSet:
        return self.filters[collection.name]

    @property
    def counted_from(self) -> str:
        """The day that one of the filters counts from, or ''."""
        return max((wanted.counted_from for wanted in self.filters.values()), default="")


def read(pairs: Iterable[tuple[str, str]], layers: Iterable[Collection]) -> Asked:
    """Return the filters that parameters ask of the layers.

    Parameters
    ----------
    pairs : iterable of (name, value)
        All parameters of the request, the service's own among them.
    layers : iterable of Collection
        The layers the request is about; all of them for a description of the service.

    Raises
    ------
    InvalidParameters
        For a value that no layer with that criterion allows, and for a name that looks like a misspelt criterion.
    """
    layers = tuple(layers)
    known = {c.name for layer in layers for c in layer.filter.criteria} - {"bbox"} | {EXTENT}
    given: dict[str, list[str]] = {}
    errors: list[InvalidParameter] = []
    for name, value in pairs:
        word = name.lower()
        if word in known:
            given.setdefault("bbox" if word == EXTENT else word, []).append(value)
        elif word not in OWN_WORDS and (like := difflib.get_close_matches(word, known, 1, ALIKE)):
            errors.append(InvalidParameter(name[:60], value[:60], _("unbekannt; gemeint ist wohl {name}").format(name=like[0])))
    filters = {}
    for layer in layers:
        names = {c.name for c in layer.filter.criteria}
        try:
            filters[layer.name] = layer.parse({name: values for name, values in given.items() if name in names})
        except InvalidParameters as error:
            errors += [e for e in error.errors if e.args not in [known_error.args for known_error in errors]]
    if errors:
        raise InvalidParameters(errors)
    return Asked(filters, service_query([(name, value) for name, values in given.items() for value in values]))


def service_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a filter's name/value pairs as a service's address carries them."""
    return urlencode([(EXTENT if name == "bbox" else name, value) for name, value in pairs if value], safe=",;:-")
