"""`manage.py find_remote_layers WORDS`: looks services up in an official catalogue, and makes entries of them that are switched off."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from geo.errors import RaumError
from layers.remote.adopt import Undecided, entries, save
from layers.remote.catalogue import Catalogue, Found, catalogue_named, search
from layers.remote.hosts import ready_catalogues, register
from layers.remote.layer import RemoteLayer


class Command(BaseCommand):
    help = (
        "Sucht WMS und WFS in einem amtlichen Katalog (CSW) und trägt einen Treffer als fremden Dienst ein, ausgeschaltet. "
        "Ohne Wörter: die Kataloge."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("words", nargs="*", metavar="WORT", help="Wortteile, die alle vorkommen müssen")
        parser.add_argument("--catalogue", default="", metavar="NAME", help="Name aus data/catalogues.toml oder Adresse (sonst der erste)")
        parser.add_argument("--type", choices=RemoteLayer.Service.values, default="", help="nur WMS oder nur WFS")
        parser.add_argument("--add", default="", metavar="N", help="diesen Treffer eintragen: Nummer in der Liste oder Kennung")
        parser.add_argument("--for", dest="key", default="", metavar="KEY", help="Adresse in diesen Eintrag ohne Adresse schreiben")
        parser.add_argument(
            "--layer", action="append", default=[], metavar="EBENE", help="Name der Ebene im Dienst; mehrmals: je ein Eintrag"
        )
        parser.add_argument("--dry-run", action="store_true", help="zeigen, was eingetragen würde, und nichts schreiben")

    def handle(self, *args: Any, **options: Any) -> None:
        register()
        try:
            if not options["words"]:
                return self.list_catalogues()
            catalogue = catalogue_named(options["catalogue"])
            into = self.entry_named(options["key"]) if options["key"] else None
            service = options["type"] or (into.service if into else "")
            self.stdout.write(_("Frage {title} nach „{words}“ …").format(title=catalogue.title, words=" ".join(options["words"])))
            found = search(options["words"], catalogue, service)
            if not found.hits:
                return self.stdout.write(nothing(found, catalogue, options))
            wanted = options["add"] or ("1" if into and len(found.hits) == 1 else "")
            if not wanted:
                return self.list_hits(found, options)
            hit = found.named(wanted)
            if not hit.problem:
                self.stdout.write(_("Frage den Dienst {url} …").format(url=hit.url))
            made = entries(hit, catalogue, options["words"], options["layer"], into)
            if not options["dry_run"]:
                save(made)
            self.tell(made, written=not options["dry_run"])
        except Undecided as error:
            raise CommandError(_("{error}\nNennen Sie sie mit --layer NAME.").format(error=error)) from error
        except RaumError as error:
            raise CommandError(str(error)) from error

    def list_catalogues(self) -> None:
        for key, entry in ready_catalogues().items():
            self.stdout.write(f"{key}: {entry['title']}\n  {entry['url']}\n  {entry.get('note', '')}")
        self.stdout.write(_("Gesucht wird so: find_remote_layers Denkmal --catalogue {key}").format(key=next(iter(ready_catalogues()))))

    def entry_named(self, key: str) -> RemoteLayer:
        entry = RemoteLayer.objects.filter(key=key).first()
        if entry is None:
            empty = ", ".join(RemoteLayer.objects.without_address().values_list("key", flat=True)) or "–"
            raise RaumError(_("Den Eintrag „{key}“ gibt es nicht. Ohne Adresse sind: {empty}").format(key=key, empty=empty))
        return entry

    def list_hits(self, found: Found, options: dict[str, Any]) -> None:
        for number, hit in enumerate(found.hits, 1):
            self.stdout.write(f"{number:>3}  {hit.service.upper() or hit.kind or '–'}  {hit.title}")
            day = _("Beschreibung vom {day}").format(day=hit.changed_on or "–")
            for text in (
                f"{hit.organisation or '–'} · {day}",
                hit.url or "–",
                _("Nutzung: {terms}").format(terms=hit.licence or hit.terms or _("nichts angegeben")),
                _("Kennung: {identifier}").format(identifier=hit.identifier),
                hit.problem,
            ):
                if text:
                    self.stdout.write(f"          {text}")
        self.stdout.write(found.summary)
        if options["key"]:
            self.stdout.write(_("Mehrere Treffer für „{key}“: Wählen Sie einen mit --add N.").format(key=options["key"]))
        else:
            self.stdout.write(_("Eintragen: derselbe Befehl mit --add N, vorher ansehen mit --dry-run."))

    def tell(self, made: list[RemoteLayer], *, written: bool) -> None:
        for entry in made:
            for name in ("key", "title", "publisher", "service", "url", "layer", "version", "licence", "attribution", "source", "note"):
                self.stdout.write(f"  {entry._meta.get_field(name).verbose_name}: {getattr(entry, name) or '–'}")
            if not written:
                continue
            self.stdout.write(_("„{key}“ ist eingetragen und ausgeschaltet.").format(key=entry.key))
            self.stdout.write(_("Weiter: ./dev manage refresh_remote {key} --dry-run").format(key=entry.key))
        if not written:
            self.stdout.write(_("Probelauf: Nichts wurde geschrieben."))


def nothing(found: Found, catalogue: Catalogue, options: dict[str, Any]) -> str:
    """Return what may help when there is no hit."""
    others = ", ".join(key for key in ready_catalogues() if key != catalogue.key)
    lines = [
        _("Kein Treffer für „{words}“ in {title}.").format(words=" ".join(options["words"]), title=catalogue.title),
        _("Gesucht wird nach Wortteilen, die alle vorkommen: Weniger oder kürzere Wörter finden mehr („Denkmal“ statt „Denkmalliste“)."),
        _("Andere Kataloge: --catalogue mit {others}.").format(others=others),
    ]
    if found.read:
        lines.insert(1, found.summary)
    if options["type"] or options["key"]:
        lines.append(_("Vielleicht gibt es den Dienst nur in der anderen Art: --type wms oder --type wfs."))
    return "\n".join(lines)
