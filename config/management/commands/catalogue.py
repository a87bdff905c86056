"""Keep the translations: merge what the code says now, check them, compile them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import catalogues


class Command(BaseCommand):
    help = (
        "Without an option: brings every catalogue up to what code and templates say, "
        "keeping translations. New messages are left empty for you to translate."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--check", action="store_true", help="fail on anything untranslated")
        what.add_argument("--compile", action="store_true", help="write the .mo files")
        parser.add_argument("houses", nargs="*", help="only these houses (merging)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            faults = [f"{each}: {fault}" for each in catalogues.LANGUAGES
                      for fault in catalogues.faults(each)]  # fmt: skip
            if faults:
                raise CommandError("\n".join(faults))
        elif options["compile"]:
            for file in catalogues.compile_stale():
                self.stdout.write(str(file.relative_to(catalogues.ROOT)))
        else:
            for house in options["houses"] or catalogues.HOUSES:
                for language in catalogues.LANGUAGES:
                    if catalogues.merge(house, language):
                        file = catalogues.path(house, language)
                        self.stdout.write(str(file.relative_to(catalogues.ROOT)))
