"""`manage.py receive_mail`: one mail from standard input into its thread; for the pipe of the operator's mail server."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from django.utils.translation import gettext as _

from geo.errors import RaumError
from network.inquiries import mails, thread
from network.inquiries.models import LONGEST
from network.inquiries.reading import MOST_BYTES, Read, Unreadable, read


class Command(BaseCommand):
    help = "Reads one mail (RFC 822) from standard input. Exit codes as sysexits.h: 65 unreadable, 67 no such address, 77 not allowed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--recipient", default="", help="the envelope's recipient; by default what the mail's head says")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = read(sys.stdin.buffer.read(MOST_BYTES + 1), mails.MARKER)
        except Unreadable as error:
            raise CommandError(f"not readable: {error}", returncode=os.EX_DATAERR) from error
        if found.is_automatic:
            self.stdout.write("ignored: written by a program")
            return
        wanted = (options["recipient"],) if options["recipient"] else found.recipients
        opened = next((a for a in map(mails.addressed, wanted) if a), None)
        if opened is None:
            raise CommandError("no thread has this address", returncode=os.EX_NOUSER)
        self.keep(found, *opened)

    def keep(self, found: Read, inquiry: Any, side: str) -> None:
        """Add it to its thread, once."""
        text = mails.without_links(found.text)
        if found.left_out:
            text += "\n\n" + _("(Nicht übernommene Anhänge: {n})").format(n=found.left_out)
        if len(text) > LONGEST:
            raise CommandError(f"more than {LONGEST} characters", returncode=os.EX_DATAERR)
        if inquiry.messages.all().has_mail(found.digest):
            self.stdout.write("ignored: came before")
            return
        by, author = (inquiry.seeker_name, inquiry.seeker) if side == "seeker" else (inquiry.contact_name, None)
        try:
            thread.write(inquiry, side, text, author, by, by_mail=True, mail_digest=found.digest)
        except IntegrityError:
            self.stdout.write("ignored: came before")
        except RaumError as error:
            raise CommandError(str(error), returncode=os.EX_NOPERM) from error
