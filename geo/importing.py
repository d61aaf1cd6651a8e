"""What every import shares: findings, the report, and the three-way comparison that lets hand edits survive."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from geo.cells import harmless
from geo.errors import InvalidFile
from geo.files import plain_text


@dataclass(frozen=True)
class Finding:
    """One problem: row number as in the file (0 = the whole file), field, the value given, and the rule it breaks.

    An `error` keeps the row out, a `warning` does not.
    """

    row: int
    field: str
    value: str
    rule: str
    severity: str = "error"


@dataclass
class LoadReport:
    """What an import did or would do. `read` = created + changed + unchanged + duplicates + refused + outside."""

    source: str
    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicates: int = 0
    refused: int = 0
    outside: int = 0
    kept_edits: int = 0
    vanished: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    used_columns: dict[str, str] = field(default_factory=dict)
    unused_columns: list[str] = field(default_factory=list)
    private_columns: list[str] = field(default_factory=list)
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    written: bool = False

    def add(self, row: int, name: str, value: object, rule: str, severity: str = "error") -> None:
        """Note a finding; what a stranger wrote is cut and made harmless for terminals."""
        shown = " ".join(plain_text(str(value)[:120]).split())
        self.findings.append(Finding(row, name, shown, plain_text(rule), severity))

    @property
    def adds_up(self) -> bool:
        """Whether every row read went somewhere."""
        return self.read == self.created + self.changed + self.unchanged + self.duplicates + self.refused + self.outside

    def save(self, path: Path) -> None:
        """Write the whole report: JSON with everything, CSV with the findings.

        Raises
        ------
        InvalidFile
            When the path cannot be written.
        """
        try:
            if path.suffix == ".csv":
                with path.open("w", encoding="utf-8-sig", newline="") as file:
                    writer = csv.writer(file, delimiter=";")
                    writer.writerow(("row", "field", "value", "rule", "severity"))
                    for f in self.findings:
                        cells = (f.field, f.value, f.rule, f.severity)
                        writer.writerow((f.row, *map(harmless, cells)))
                return
            shown = asdict(self) | {"unmapped": [{"field": f, "value": v, "count": n} for (f, v), n in self.unmapped.most_common()]}
            path.write_text(json.dumps(shown, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
        except OSError as error:
            raise InvalidFile(f"{path}: the report cannot be written there ({error.strerror})") from error


def diff(current: Mapping[str, Any], incoming: Mapping[str, Any], last: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Compare a row with what a file says now and what it said last time.

    Parameters
    ----------
    current, incoming, last : mapping
        Field → value, in one spelling (see the caller); `last` lacks fields that were never imported.

    Returns
    -------
    changes : dict
        Fields to overwrite: the file changed them and nobody else did.
    kept : list of str
        Fields where the file has a new value but a person edited the row meanwhile; the edit stays.
    """
    changes: dict[str, Any] = {}
    kept: list[str] = []
    for name, value in incoming.items():
        now = current.get(name)
        if now == value or (name in last and last[name] == value):
            continue
        if name in last and now != last[name]:
            kept.append(name)
        else:
            changes[name] = value
    return changes, kept
