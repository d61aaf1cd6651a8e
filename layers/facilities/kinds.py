"""From tags and words to kinds of facilities and zones. The words are data: data/mappings/facilities.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from geo.words import plain

WORDS = Path(settings.BASE_DIR) / "data" / "mappings" / "facilities.toml"
SCHOOL_OTHER = "school_other"
Condition = tuple[tuple[str, str], ...]  # all of these tags


@dataclass(frozen=True)
class Kinds:
    """The file of words, read; every method is a question to it."""

    raw: Mapping[str, Any]

    @cached_property
    def _rules(self) -> list[tuple[str, list[Condition], list[Condition]]]:
        """Kind, tags of which one must fit, tags of which none may fit."""
        gone = self.raw["osm"]["except"]
        listed = {**self.raw["facility"], **self.raw["zone"], "school": self.raw["school"]}
        return [(kind, _conditions(rule["tags"]), _conditions([*gone, *rule.get("except", [])])) for kind, rule in listed.items()]

    @cached_property
    def _words(self) -> dict[str, str]:
        listed = {**self.raw["facility"], **self.raw["zone"]}
        return {plain(w): kind for kind, rule in listed.items() for w in (*rule["words"], kind)}

    @cached_property
    def _school_words(self) -> dict[str, str]:
        return {plain(w): kind for kind, listed in self.raw["school"]["names"].items() for w in (*listed, kind)}

    @cached_property
    def _secret(self) -> tuple[str, ...]:
        return tuple(plain(w) for rule in self.raw["facility"].values() for w in rule.get("not_words", ()))

    @cached_property
    def headers(self) -> dict[str, str]:
        """Header of a list, plainly spelled → field."""
        return {plain(w): name for name, listed in self.raw["headers"].items() for w in (*listed, name)}

    @cached_property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.raw["headers"])

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The tags' keys that can make an object one of these kinds."""
        return tuple(sorted(set().union(*self._rule_keys)))

    @cached_property
    def _rule_keys(self) -> list[frozenset[str]]:
        return [frozenset(key for condition in fits for key, _value in condition) for _kind, fits, _not in self._rules]

    def of_tags(self, tags: Mapping[str, str]) -> list[str]:
        """Return the kinds of an OpenStreetMap object, none for everything else."""
        asked = [rule for rule, keys in zip(self._rules, self._rule_keys, strict=True) if not keys.isdisjoint(tags)]
        found = [kind for kind, fits, excluded in asked if _meets(tags, fits) and not _meets(tags, excluded)]
        return [k for kind in found for k in (self.school_of_tags(tags) if kind == "school" else [kind])]

    def school_of_tags(self, tags: Mapping[str, str]) -> list[str]:
        """Return the levels of a school: by its German form, else by its ISCED levels, else by its name."""
        by_form = self._school_named(tags.get("school:de", ""))
        levels = self.raw["school"]["isced"]
        by_level = list(dict.fromkeys(levels[n] for n in _levels(tags.get("isced:level", "")) if n in levels))
        return by_form or by_level or self._school_named(tags.get("name", "")) or [SCHOOL_OTHER]

    def _school_named(self, text: str) -> list[str]:
        """Return the levels that a form or name speaks of; special and vocational schools are "other" whatever else they say."""
        key = plain(text)
        found = [kind for word, kind in self._school_words.items() if f" {word} " in f" {key} "]
        compound = [kind for word, kind in self._school_words.items() if len(word) > 8 and word in key]
        kinds = sorted({*found, *compound})
        return [SCHOOL_OTHER] if SCHOOL_OTHER in kinds else kinds

    def of_word(self, text: object, name: str = "") -> list[str]:
        """Return the kinds a word of a list stands for: the whole text, else a school's form, else the longest known word in it.

        A mere "Schule" is looked at by its name.
        """
        key = plain(text)
        if key in self._words:
            return [self._words[key]]
        if by_form := self._school_named(key):
            return by_form
        if key in {plain(w) for w in self.raw["school"]["words"]}:
            return self._school_named(name) or [SCHOOL_OTHER]
        inside = [w for w in self._words if len(w) > 3 and f" {w} " in f" {key} "]
        return [self._words[max(inside, key=len)]] if inside else []

    def is_secret(self, texts: Iterable[object]) -> bool:
        """Whether a row speaks of an archaeological site, whose place is not published."""
        return any(word in plain(text) for text in texts for word in self._secret)

    def details(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Return the tags that are kept beside name and place, under the names of the fields."""
        found = {name: next((tags[k] for k in keys if tags.get(k)), "") for name, keys in self.raw["detail"].items()}
        return {name: value for name, value in found.items() if value}

    @cached_property
    def detail_fields(self) -> tuple[str, ...]:
        return tuple(self.raw["detail"])

    def recognise(self, columns: Iterable[str]) -> dict[str, str]:
        """Return field → column for the headers that are known; the first of two columns for one field wins."""
        found: dict[str, str] = {}
        for column in columns:
            name = self.headers.get(plain(column))
            if name and name not in found:
                found[name] = column
        return found


@lru_cache(maxsize=1)
def kinds() -> Kinds:
    """Return the words, read once."""
    return Kinds(tomllib.loads(WORDS.read_text(encoding="utf-8")))


def _conditions(lines: Iterable[str]) -> list[Condition]:
    """Read "a=b & c=d" as a condition."""
    pairs = [[part.partition("=") for part in line.split("&")] for line in lines]
    return [tuple((key.strip(), value.strip()) for key, _sign, value in parts) for parts in pairs]


def _meets(tags: Mapping[str, str], conditions: list[Condition]) -> bool:
    return any(all(_has(tags.get(key, ""), value) for key, value in condition) for condition in conditions)


def _has(given: str, wanted: str) -> bool:
    """Whether a tag's value, which may be several with semicolons, is the wanted one."""
    values = [v.strip() for v in given.split(";") if v.strip()]
    return any(v != "no" for v in values) if wanted == "*" else wanted in values


def _levels(text: str) -> list[str]:
    """Return the digits of "1;2", "1,2" or "0-3"."""
    found: list[str] = []
    for low, high in re.findall(r"(\d)(?:\s*-\s*(\d))?", text):
        found += [str(n) for n in range(int(low), int(high or low) + 1)]
    return found
