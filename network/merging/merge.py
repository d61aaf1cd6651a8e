"""Two rows that tell of the same become one: everything that pointed to the second points to the first, and it can be undone.

What points to a row is read from the models themselves, so that a new relation is moved without a word here; one that this code
cannot move without losing something is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from geo.errors import NotAllowed
from network.desk.models import Assignment
from network.merging.kinds import KINDS, Mergeable
from network.merging.models import Merge, MergeQuerySet
from network.organisations.models import OrganisationMember, OrganisationRole
from network.seeds import Seed

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Moving:
    """Rows that would point to the other: what they are, how many, how many of them are in both already."""

    label: str
    n: int
    twice: int = 0


def relations(model: type[Any]) -> list[Any]:
    """Return the foreign keys of other tables that point to a model; raises `NotAllowed` for a relation that cannot be moved.

    A many-to-many relation of the model itself is one more: that of the table between.
    """
    found = []
    for relation in model._meta.related_objects:
        if relation.one_to_one or relation.many_to_many:
            raise _cannot_move(relation.related_model)
        found.append(relation.field)
    for many in model._meta.many_to_many:
        if not many.remote_field.through._meta.auto_created:
            raise _cannot_move(many.remote_field.through)
        found.append(many.remote_field.through._meta.get_field(many.m2m_field_name()))
    return found


def _cannot_move(model: type[Any]) -> NotAllowed:
    return NotAllowed(_("„{name}“ lässt sich nicht mitnehmen; bitte zuerst dort lösen.").format(name=model._meta.verbose_name))


def _label(column: Any) -> str:
    """What the rows of a column's table are called; those of a table between, as the relation."""
    if column.model._meta.auto_created:
        return str(next(m.verbose_name for m in column.remote_field.model._meta.many_to_many if m.remote_field.through is column.model))
    return str(column.model._meta.verbose_name_plural)


def preview(kind: str, keep: Any, drop: Any) -> list[Moving]:
    """Return what would move from one row to the other."""
    made = []
    for column in relations(KINDS[kind].model):
        rows = column.model._base_manager.filter(**{column.name: drop})
        if n := rows.count():
            made.append(Moving(_label(column), n, len(_in_both(column, keep, drop))))
    return made


@transaction.atomic
def merge(kind: str, keep: Any, drop: Any, chosen: Mapping[str, Any], by: User) -> Merge:
    """Make two rows one, with the chosen values; return the record by which it can be undone.

    Raises
    ------
    NotAllowed
        For the same row twice, a row that is gone meanwhile, values that contradict each other, or a relation that cannot be moved.
    """
    wanted = KINDS[kind]
    if keep.pk == drop.pk:
        raise NotAllowed(_("Bitte zwei verschiedene Einträge wählen."))
    locked = {row.pk: row for row in wanted.model._base_manager.select_for_update().filter(pk__in=(keep.pk, drop.pk)).order_by("pk")}
    if len(locked) < 2:
        raise NotAllowed(_("Einer der beiden Einträge ist nicht mehr da. Vielleicht hat ihn schon jemand zusammengeführt."))
    keep, drop = locked[keep.pk], locked[drop.pk]
    before: dict[str, Any] = {"kept": _values(keep), "dropped": _values(drop), "moved": {}, "removed": {}}
    for column in relations(wanted.model):
        _move(column, keep, drop, before)
    _move_seed(wanted.model, keep, drop, before)
    _move_task(wanted, keep, drop, before)
    made = Merge(kind=kind, kept=keep.pk, dropped=drop.pk, name="", dropped_name=str(drop)[:200], by=by)
    drop.delete()
    for name in wanted.columns:
        setattr(keep, name, chosen[name])
    for name in wanted.first:
        setattr(keep, name, min((m for m in (getattr(keep, name), getattr(drop, name)) if m), default=None))
    _checked(keep)
    before["set"] = {name: value for name, value in _values(keep).items() if name in _columns(wanted)}
    made.name, made.before = str(keep)[:200], before
    made.save()
    return made


@transaction.atomic
def undo(found: Merge) -> None:
    """Give back the row that was dropped and what pointed to it; what was changed since stays as it is now.

    Raises
    ------
    NotAllowed
        When it was undone before, is too long ago, or the way back is barred by what came since.
    """
    found = Merge.objects.select_for_update().get(pk=found.pk)
    if not found.can_be_undone:
        raise NotAllowed(_("Das lässt sich nicht mehr zurücknehmen: Es ist zu lange her oder schon zurückgenommen."))
    wanted, before = KINDS[found.kind], found.before
    keep = wanted.model._base_manager.select_for_update().filter(pk=found.kept).first()
    if keep is None:
        raise NotAllowed(_("Der behaltene Eintrag ist nicht mehr da; zurücknehmen geht nicht."))
    now = _values(keep)
    for name in _columns(wanted):
        if now[name] == before["set"][name]:
            setattr(keep, name, wanted.model._meta.get_field(name).to_python(before["kept"][name]))
    try:
        with transaction.atomic():
            keep.save()
            _restore(wanted.model, before["dropped"])
            _give_back(wanted.model, found, before)
    except IntegrityError as error:
        raise NotAllowed(_("Zurücknehmen geht nicht: Ein neuer Eintrag trägt inzwischen denselben Namen und Sitz.")) from error
    found.undone_at = timezone.now()
    found.save(update_fields=["undone_at"])


def forget(merges: MergeQuerySet) -> None:
    """Forget what was before merges."""
    merges.update(before={})


def _columns(wanted: Mergeable) -> list[str]:
    return [wanted.model._meta.get_field(name).attname for name in (*wanted.columns, *wanted.first)]


def _values(row: Any) -> dict[str, Any]:
    """A row as JSON can hold it, by column."""
    return {
        f.attname: f.value_to_string(row) if isinstance(f, models.DateField) and getattr(row, f.attname) else getattr(row, f.attname)
        for f in row._meta.concrete_fields
    }


def _unique_with(column: Any) -> list[str]:
    """The columns that with this one must be unique in its table."""
    sets = [c.fields for c in column.model._meta.constraints if isinstance(c, models.UniqueConstraint) and column.name in c.fields]
    sets += [names for names in column.model._meta.unique_together if column.name in names]
    if (
        column.unique
        or len(sets) > 1
        or any(isinstance(c, models.UniqueConstraint) and c.expressions for c in column.model._meta.constraints)
    ):
        raise _cannot_move(column.model)
    return [name for name in sets[0] if name != column.name] if sets else []


def _in_both(column: Any, keep: Any, drop: Any) -> list[tuple[Any, Any]]:
    """The rows of both that would be the same twice, as pairs (of the kept, of the dropped)."""
    others = _unique_with(column)
    if not others:
        return []
    table = column.model._base_manager
    held = {tuple(getattr(r, column.model._meta.get_field(n).attname) for n in others): r for r in table.filter(**{column.name: keep})}
    pairs = []
    for row in table.filter(**{column.name: drop}):
        same = held.get(tuple(getattr(row, column.model._meta.get_field(n).attname) for n in others))
        if same is not None:
            pairs.append((same, row))
    return pairs


def _move(column: Any, keep: Any, drop: Any, before: dict[str, Any]) -> None:
    table = column.model._meta.label
    for same, double in _in_both(column, keep, drop):
        if not isinstance(double, OrganisationMember) and not column.model._meta.auto_created:
            raise NotAllowed(_("„{name}“ steht bei beiden; bitte zuerst einen davon löschen.").format(name=column.model._meta.verbose_name))
        before["removed"].setdefault(table, []).append({"same": _values(same), "double": _values(double)})
        if column.model._meta.auto_created:
            double.delete()
            continue
        if double.confirmed_at and (same.confirmed_at is None or double.role == OrganisationRole.CONTACT):
            same.role, same.confirmed_at = double.role, same.confirmed_at or double.confirmed_at
        double.delete()
        same.save()
    rows = column.model._base_manager.filter(**{column.name: drop})
    before["moved"][f"{table}.{column.name}"] = list(rows.values_list("pk", flat=True))
    rows.update(**{column.name: keep})


def _move_seed(model: type[Any], keep: Any, drop: Any, before: dict[str, Any]) -> None:
    """What a file of the project said of the dropped row is said of the kept one, unless that has a file's word itself."""
    seeds = Seed.objects.all().of(model)
    seed = seeds.filter(row=drop.pk).first()
    if seed and not seeds.filter(row=keep.pk).exists():
        before["seed"] = seed.pk
        seed.row = keep.pk
        seed.save(update_fields=["row"])


def _move_task(wanted: Mergeable, keep: Any, drop: Any, before: dict[str, Any]) -> None:
    """Who takes care of the dropped row on the desk takes care of the kept one, unless somebody does already."""
    tasks = Assignment.objects.all().on(wanted.desk)
    task = tasks.filter(row=str(drop.pk)).first()
    if task and not tasks.filter(row=str(keep.pk)).exists():
        before["task"] = task.pk
        task.row = str(keep.pk)
        task.save(update_fields=["row"])
    elif task:
        task.delete()


def _checked(row: Any) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise NotAllowed(" ".join(error.messages)) from error
    row.save()


def _restore(model: type[Any], values: Mapping[str, Any]) -> None:
    row = model(**{name: model._meta.get_field(name).to_python(value) for name, value in values.items() if not name.endswith("_id")})
    for name, value in values.items():
        if name.endswith("_id"):
            setattr(row, name, value)
    row.save(force_insert=True)
    stamps = [f for f in model._meta.concrete_fields if getattr(f, "auto_now_add", False) or getattr(f, "auto_now", False)]
    if stamps:  # saving gave them the time of now
        model._base_manager.filter(pk=row.pk).update(**{f.attname: f.to_python(values[f.attname]) for f in stamps})


def _give_back(model: type[Any], found: Merge, before: Mapping[str, Any]) -> None:
    by_label = {f"{c.model._meta.label}.{c.name}": c for c in relations(model)}
    for name, keys in before["moved"].items():
        column = by_label[name]
        column.model._base_manager.filter(pk__in=keys, **{column.attname: found.kept}).update(**{column.attname: found.dropped})
    tables = {c.model._meta.label: c.model for c in by_label.values()}
    for label, pairs in before["removed"].items():
        for pair in pairs:
            if values := {name: value for name, value in pair["same"].items() if name in ("role", "confirmed_at")}:
                tables[label]._base_manager.filter(pk=pair["same"]["id"]).update(**values)
            if _all_there(tables[label], pair["double"]):
                _restore(tables[label], pair["double"])
    if "seed" in before:
        Seed.objects.filter(pk=before["seed"], row=found.kept).update(row=found.dropped)
    if "task" in before:
        Assignment.objects.filter(pk=before["task"], row=str(found.kept)).update(row=str(found.dropped))


def _all_there(model: type[Any], values: Mapping[str, Any]) -> bool:
    """Whether everything a row points to is still there: a person may have left meanwhile."""
    keys = [f for f in model._meta.concrete_fields if f.is_relation and values[f.attname] is not None]
    return all(f.related_model._base_manager.filter(pk=values[f.attname]).exists() for f in keys)
