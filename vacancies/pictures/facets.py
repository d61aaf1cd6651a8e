"""The charts of an answer: how its hits fall to town size, transit class and use; every bar and every cell is a filter."""

from __future__ import annotations

from functools import cached_property

from django.utils.translation import gettext as _

from geo.criteria import Choice
from vacancies.filters import VacancyFilter
from vacancies.listing import Listing
from vacancies.pictures.bars import Chart, Item, Matrix, bars, matrix

SIZE, CLASS = "town_size", "transit_is"
CHARTS = (SIZE, CLASS, "former_use", "target_use")
RARE = "G"  # a class of one method only
ANCHOR = "#verteilung"  # stands within the folded part of the page, which a browser opens for it


class Pictures:
    """Charts of a listing, drawn from its counts per option when a template asks for them."""

    def __init__(self, listing: Listing, page: str = "") -> None:
        self.listing, self.page = listing, page

    def _to(self, wanted: VacancyFilter) -> str:
        return self.page + self.listing.link_to(wanted) + ("" if self.page else ANCHOR)

    @cached_property
    def charts(self) -> list[Chart]:
        return [self._chart(VacancyFilter.criterion(name)) for name in CHARTS]  # type: ignore[arg-type]

    def _chart(self, facet: Choice) -> Chart:
        hits = self.listing.hits_by_option[facet.name]
        chosen = self.listing.wanted.values.get(facet.name, ())
        items = []
        for value, label in facet.options():
            is_chosen = value in chosen
            if value == RARE and not hits[value] and not is_chosen:
                continue
            link = self._to(self.listing.wanted.toggled(facet.name, value)) if hits[value] or is_chosen else ""
            items.append(Item(value, short(label), hits[value], link, is_chosen))
        note = _("Ein Leerstand kann für mehreres geeignet sein.") if facet.array else ""
        return bars(facet.name, str(facet.label) if facet.name != CLASS else _("ÖV-Güteklasse"), _("Leerstände"), items, note=note)

    @cached_property
    def matrix(self) -> Matrix:
        """Town size by transit class: each cell counts what choosing both gives."""
        counted = self.listing.hits_by_pair(SIZE, CLASS)
        wanted = self.listing.wanted
        chosen = {(a, b) for a in wanted.values.get(SIZE, ()) for b in wanted.values.get(CLASS, ())}
        sizes, classes = (VacancyFilter.criterion(n) for n in (SIZE, CLASS))
        rows = [(value, short(label)) for value, label in sizes.options()]  # type: ignore[attr-defined]
        columns = [
            (value, "–" if value == "none" else value, str(label))
            for value, label in classes.options()  # type: ignore[attr-defined]
            if value != RARE or any(b == RARE for _a, b in counted)
        ]
        links = {}
        for size, _label in rows:
            for letter, _short, _long in columns:
                is_chosen = (size, letter) in chosen
                to = wanted.without(SIZE, CLASS) if chosen == {(size, letter)} else wanted.choosing(**{SIZE: (size,), CLASS: (letter,)})
                if counted.get((size, letter)) or is_chosen:
                    links[size, letter] = self._to(to), is_chosen
        return matrix(_("Größe der Gemeinde × ÖV-Güteklasse"), _("Leerstände"), rows, columns, counted, links)


def short(label: object) -> str:
    """Return a label without its bracket."""
    return str(label).split(" (")[0]
