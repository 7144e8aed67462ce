# SPDX-License-Identifier: Apache-2.0
"""The page of all statements, from the statements: python -m tests.laws.statements.page > docs/explanation/safety-statements.md"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from comity.jurisdictions.load import load_packs
from comity.policy.facts import AnyExcept
from tests.laws.statements.check import DEEP, MANY, SOME, STATEMENTS, Counterexample, counterexample
from tests.laws.statements.facts import SAFEGUARDS
from tests.laws.statements.plain import WORDS, Statement

EVERY = {
    "consent": WORDS.consents, "safeguards": SAFEGUARDS, "mechanisms": WORDS.evidence_kinds["mechanisms"],
    "certifications": WORDS.evidence_kinds["certifications"],
}  # fmt: skip
HEAD = f"""# Safety statements

A false allow is the one error that cannot be forgiven. So what must never be allowed, and what no allow may leave out, is said twice: by
the rules of a pack, and by the statements on this page, which are written from the law and share no line with the rules. They are
checked against each other over {SOME:,} generated combinations of facts for each pack in `make test`, and over {MANY:,} in
`make test-full`. The facts are near to what is allowed, with a consent less here and a place more there; a statement fails too when
too few of them could have broken it, or when nothing near it is allowed.

Would it show if a rule were wrong? For each statement the pack is *made wrong* in one way, and facts are found that are then allowed and
must not be, or lack what they owe. They are told as they differ from an ordinary request at home, with every consent and every paper.
What is said of the person is said of `subject`, and so on, as in [the facts](../reference/packs.md#facts).

The statements are in `tests/laws/statements`, and this page is written by them (`python -m tests.laws.statements.page`). It covers the
three deep packs; of the sketches one thing is checked, that with them nothing is allowed which the deep packs refuse.
"""


def page() -> str:
    parts = [HEAD]
    for pack in load_packs(DEEP):
        parts.append(f"## {pack.head.name}\n")
        for statement in STATEMENTS[pack.head.id]:
            found = counterexample(pack.head.id, statement)
            assert found is not None, statement.id
            parts.append(entry(statement, found))
    return "\n".join(parts)


def entry(statement: Statement, found: Counterexample) -> str:
    wrong = "Then allowed" if statement.owes is None else "Then not owed"
    facts = ", ".join(f"`{f'{name}: {told(name, value)}'}`" for name, value in sorted(found.smallest.items()))
    return (
        f"- **{statement.says}**\n"
        f"  `{statement.id}`, from {statement.since} on; by {', '.join(f'`{fact}`' for fact in statement.facts)}.\n"
        f"  *Made wrong*: {statement.mutant.says}. *{wrong}*: {facts}.\n"
    )


def told(name: str, value: Any) -> str:
    """A member of a deck in few words."""
    if isinstance(value, AnyExcept):
        return "anywhere" + (f" but {listed(value.any_except)}" if value.any_except else "")
    if isinstance(value, frozenset):
        missing = EVERY.get(name, value) - value
        if name in EVERY and len(missing) < len(value):
            return f"all but {listed(missing)}"
        return listed(value) if value or name not in ("processing", "storage", "access") else "not said"
    if isinstance(value, msgspec.Struct):
        return listed(f"{kind} {many}" for kind, many in msgspec.structs.asdict(value).items() if many)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value)


def listed(words: Any) -> str:
    return " ".join(sorted(words)) or "none"


if __name__ == "__main__":
    print(page(), end="")
