"""CQL2, text and JSON, as a condition on the published columns; read by pygeofilter.

Each comparison is checked against the column's kind first: what cannot be compared is an error that says so, not a
surprise of the database.
"""

from __future__ import annotations

import datetime
import json
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import BooleanField, CharField, DateField, DecimalField, F, Func, Q, TextField, Value, lookups
from django.db.models.functions import Cast, Lower
from pygeofilter import ast, values
from pygeofilter.backends.evaluator import Evaluator, handle

from geo.time_criteria import day_of
from layers.publish.collection import Collection
from layers.publish.ows.reports import OwsError

logging.getLogger("lark").setLevel(logging.CRITICAL)
BROKEN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)  # what odd parts of a tree make of each other
LONGEST, DEEPEST, MOST_NODES = 20_000, 60, 1_000
COMPARED = {
    "=": lookups.Exact,
    "<": lookups.LessThan,
    "<=": lookups.LessThanOrEqual,
    ">": lookups.GreaterThan,
    ">=": lookups.GreaterThanOrEqual,
}
KINDS = {"text": "text", "list": "text", "object": "text", "number": "number", "decimal": "number", "flag": "flag", "date": "date"}

SPATIAL = {"INTERSECTS": "intersects", "DISJOINT": "disjoint", "CONTAINS": "contains", "WITHIN": "within", "TOUCHES": "touches"}
SPATIAL |= {"CROSSES": "crosses", "OVERLAPS": "overlaps", "EQUALS": "equals"}
TURNED = {"contains": "within", "within": "contains"}


class Joined(Func):
    """The texts of an array, joined by `|`."""

    function = "array_to_string"
    template = "%(function)s(%(expressions)s, '|')"
    output_field = TextField()


class Like(lookups.Lookup):
    """SQL's LIKE: `%`, `_`, escaped by a backslash, as CQL2 has it."""

    lookup_name = "cql_like"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = self.process_rhs(compiler, connection)
        return f"{left} LIKE {right}", (*left_values, *right_values)


@dataclass(frozen=True)
class Term:
    """A column, a value or what is made of them, with its kind: text, number, flag, date, geometry."""

    kind: str
    expression: Any
    name: str = ""


def refuse(text: str) -> OwsError:
    return OwsError("InvalidParameterValue", f"filter: {text}", "filter", 400)


def condition(collection: Collection, text: str, language: str, placed: Callable[[Any], GEOSGeometry]) -> Q:
    """Return the condition that a filter states.

    Parameters
    ----------
    language : str
        `cql2-text` or `cql2-json`.
    placed : callable
        Turns a shapely geometry in the filter's CRS into one in the storage CRS.

    Raises
    ------
    OwsError
        For anything that is no CQL2, too large, names a column there is not, or compares what cannot be compared.
    """
    if len(text) > LONGEST or max(text.count("("), text.count("["), text.count("{")) > MOST_NODES:
        raise refuse(f"longer than {LONGEST:,} characters")
    if _depth(text) > DEEPEST:
        raise refuse(f"nested deeper than {DEEPEST}")
    try:
        root = _read(text, language)
    except OwsError:
        raise
    except Exception as error:  # the reader has no family of errors
        said = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise refuse(f"this is no {language}: {said}") from None
    try:
        _check_size(root)
        made = _Conditions(collection, placed).evaluate(root)
    except BROKEN:
        raise refuse("its parts do not fit each other") from None
    if not isinstance(made, Q):
        raise refuse("a condition is expected, for example town_name = 'Wittenberge'")
    return made


def _read(text: str, language: str) -> Any:
    if language == "cql2-json":
        from pygeofilter.parsers.cql2_json import parse

        return parse(json.loads(text))
    return _text_reader().parse(" ".join(text.split("\n")))


@cache
def _text_reader() -> Any:
    """Return the reader of CQL2 text. Its tables take a second to make, which no start need wait for.

    pygeofilter's own reader prints its state for every text that is no CQL2.
    """
    from lark import Lark
    from pygeofilter.parsers.cql2_text import parser

    return Lark.open(
        "grammar.lark",
        rel_to=parser.__file__,
        parser="lalr",
        maybe_placeholders=False,
        transformer=parser.CQLTransformer(),
        import_paths=[str(Path(parser.__file__).parents[1])],
    )


def _depth(text: str) -> int:
    depth = deepest = 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _check_size(root: Any) -> None:
    count, level = 0, [root]
    while level:
        count += 1
        node = level.pop()
        if count > MOST_NODES:
            raise refuse(f"more than {MOST_NODES:,} parts")
        if isinstance(node, ast.Node):
            found = node.get_sub_nodes()
            level += found if isinstance(found, list) else [found]


class _Conditions(Evaluator):  # type: ignore[misc]
    def __init__(self, collection: Collection, placed: Callable[[Any], GEOSGeometry]) -> None:
        self.collection, self.placed = collection, placed
        self.fields = {f.name: f for f in collection.fields}

    def adopt(self, node: Any, *parts: Any) -> Any:
        raise refuse(f"{type(node).__name__} is not offered")

    def evaluate(self, node: Any, adopt_result: bool = True) -> Any:
        if isinstance(node, list | tuple):
            raise refuse("lists are not compared")
        return super().evaluate(node, adopt_result)

    # --- conditions ---

    @handle(ast.Not)
    def negation(self, node: Any, part: Any) -> Q:
        return ~_condition(part)

    @handle(ast.And)
    def both(self, node: Any, left: Any, right: Any) -> Q:
        return _condition(left) & _condition(right)

    @handle(ast.Or)
    def either(self, node: Any, left: Any, right: Any) -> Q:
        return _condition(left) | _condition(right)

    @handle(ast.Comparison, subclasses=True)
    def comparison(self, node: Any, left: Any, right: Any) -> Q:
        left, right = _alike(left, right)
        operator = node.op.value
        if operator == "<>":
            return ~Q(lookups.Exact(left.expression, right.expression)) & Q(lookups.IsNull(left.expression, False))
        if left.kind == "flag" and operator != "=":
            raise refuse("true and false have no order")
        return Q(COMPARED[operator](left.expression, right.expression))

    @handle(ast.Between)
    def between(self, node: Any, term: Any, low: Any, high: Any) -> Q:
        _, low = _alike(term, low)
        term, high = _alike(term, high)
        made = Q(lookups.GreaterThanOrEqual(term.expression, low.expression)) & Q(lookups.LessThanOrEqual(term.expression, high.expression))
        return ~made if node.not_ else made

    @handle(ast.Like)
    def like(self, node: Any, term: Any) -> Q:
        pattern = node.pattern
        expression = term.expression if isinstance(term, Term) else None
        if isinstance(pattern, ast.Function) and pattern.name == "lower" and len(pattern.arguments) == 1:
            pattern = str(pattern.arguments[0]).lower()
        if not isinstance(pattern, str) or not isinstance(term, Term) or term.kind != "text":
            raise refuse("LIKE compares a text column with a text")
        if pattern.replace("\\\\", "").endswith("\\"):
            raise refuse("a pattern cannot end with a backslash")
        made = Q(Like(expression, Value(pattern)))
        return ~made if node.not_ else made

    @handle(ast.In)
    def among(self, node: Any, term: Any, *options: Any) -> Q:
        made = Q(pk__in=[])
        for option in options:
            left, right = _alike(term, option)
            made |= Q(lookups.Exact(left.expression, right.expression))
        return ~made if node.not_ else made

    @handle(ast.IsNull)
    def null(self, node: Any, term: Any) -> Q:
        if not isinstance(term, Term):
            raise refuse("IS NULL asks of a column")
        return Q(lookups.IsNull(term.expression, not node.not_))

    @handle(ast.SpatialComparisonPredicate, subclasses=True)
    def spatial(self, node: Any, left: Any, right: Any) -> Q:
        name = SPATIAL.get(node.op.name, "")
        if isinstance(right, Term) and right.name and isinstance(left, Term) and not left.name:
            left, right, name = right, left, TURNED.get(name, name)
        fits = isinstance(left, Term) and isinstance(right, Term) and left.kind == right.kind == "geometry"
        if not name or not fits or not left.name or right.name:
            raise refuse(f"{node.op.name} compares {self.collection.geometry} with a geometry")
        return Q(**{f"{left.name}__{name}": right.expression})

    @handle(ast.TimeAfter, ast.TimeBefore, ast.TimeEquals)
    def temporal(self, node: Any, left: Any, right: Any) -> Q:
        left, right = _alike(left, right)
        if left.kind != "date":
            raise refuse("T_… compares dates")
        kind = {ast.TimeAfter: lookups.GreaterThan, ast.TimeBefore: lookups.LessThan}.get(type(node), lookups.Exact)
        return Q(kind(left.expression, right.expression))

    # --- terms ---

    @handle(ast.Attribute)
    def attribute(self, node: Any) -> Term:
        name = str(node.name)
        if name == self.collection.geometry or name == "geometry":
            return Term("geometry", F(self.collection.geometry), self.collection.geometry)
        field = self.fields.get(name)
        if field is None:
            raise refuse(f"there is no column {name[:60]!r}; see queryables")
        made = {"list": Joined(F(name)), "object": Cast(F(name), TextField())}.get(field.kind, F(name))
        return Term(KINDS[field.kind], made, name)

    @handle(ast.Function)
    def function(self, node: Any, *arguments: Any) -> Term:
        if node.name != "lower" or len(node.arguments) != 1:
            raise refuse(f"the function {str(node.name)[:40]!r} is not offered; CASEI is")
        term = self.evaluate(node.arguments[0], False)
        if not isinstance(term, Term) or term.kind != "text":
            raise refuse("CASEI takes a text")
        return Term("text", Lower(term.expression))

    @handle(bool, int, float, str, datetime.date, datetime.datetime)
    def literal(self, value: Any) -> Term:
        return literal(value)

    @handle(values.Geometry)
    def geometry(self, node: Any) -> Term:
        try:
            made = shapely.geometry.shape(node.geometry)
        except Exception:
            raise refuse("a geometry that cannot be read") from None
        return Term("geometry", self.placed(made))

    @handle(values.Envelope)
    def envelope(self, node: Any) -> Term:
        return Term(
            "geometry", self.placed(shapely.box(min(node.x1, node.x2), min(node.y1, node.y2), max(node.x1, node.x2), max(node.y1, node.y2)))
        )


def literal(value: Any) -> Term:
    """Return a value of a filter as a term."""
    if isinstance(value, bool):
        return Term("flag", Value(value, BooleanField()))
    if isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > 1e30:
            raise refuse("a number out of range")
        return Term("number", Value(Decimal(str(value)), DecimalField()))
    if isinstance(value, datetime.datetime):
        return Term("date", Value(day_of(value), DateField()))
    if isinstance(value, datetime.date):
        return Term("date", Value(value, DateField()))
    if "\0" in value:
        raise refuse("a text with a NUL character")
    return Term("text", Value(value, CharField()))


def _condition(made: Any) -> Q:
    if isinstance(made, Term) and made.kind == "flag" and made.name:
        return Q(**{made.name: True})
    if not isinstance(made, Q):
        raise refuse("AND, OR and NOT join conditions")
    return made


def _alike(left: Any, right: Any) -> tuple[Term, Term]:
    if not isinstance(left, Term) or not isinstance(right, Term):
        raise refuse("a comparison takes columns and values")
    if left.kind != right.kind or left.kind == "geometry":
        hint = "; a date is written DATE('2020-01-31')" if "date" in (left.kind, right.kind) else ""
        raise refuse(f"{left.name or left.kind} ({left.kind}) cannot be compared with {right.name or right.kind} ({right.kind}){hint}")
    return left, right
