# SPDX-License-Identifier: Apache-2.0
"""Delete each rule of each pack in turn and see whether a case of that pack notices: `python -m tests.mutation [PACK …]`.

Prints a score for each pack and every rule that nobody would miss; exits 1 if there is one.  A test holds each rule to it.
"""

from __future__ import annotations

import sys

import msgspec

from comity.jurisdictions.load import load_packs
from comity.jurisdictions.pack import Pack, Rule
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.cases import failures


def without(pack: Pack, rule: Rule) -> Pack:
    """``pack`` less one rule.  A term that only this rule defined still stands, so that its readers do: it never holds."""
    left = tuple(each for each in pack.rules if each is not rule)
    if rule.term and rule.term not in {each.term for each in left}:
        never = {"kind": "when", "body": {"Value": False}}
        left = (*left, msgspec.structs.replace(rule, id="never", body={**rule.body, "conditions": [never]}))
    return msgspec.structs.replace(pack, rules=left)


def missed(pack: Pack, rule: Rule) -> bool:
    """Whether some case fails once the rule is gone: those that name it are tried first, and mostly one of them does."""
    left, naming = without(pack, rule), [case for case in pack.cases if rule.id in (*case.rules, *case.owes)]
    others = [case for case in pack.cases if case not in naming]
    return any(failures(msgspec.structs.replace(left, cases=tuple(cases)), load_vocabulary()) for cases in (naming, others) if cases)


def main(wanted: list[str]) -> int:
    deleted = caught = 0
    for pack in load_packs(wanted):
        unnoticed = [rule.id for rule in pack.rules if not missed(pack, rule)]
        deleted, caught = deleted + len(pack.rules), caught + len(pack.rules) - len(unnoticed)
        print(f"{pack.head.id:6} {len(pack.rules) - len(unnoticed):3} of {len(pack.rules):3}", *unnoticed, flush=True)
    print(f"score  {caught} of {deleted} deletions noticed ({caught / deleted:.1%})")
    return int(caught < deleted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
