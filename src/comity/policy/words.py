# SPDX-License-Identifier: Apache-2.0
"""Facts that mean something: every region and every word is known, or the facts are refused.

A misspelt consent would only deny; a misspelt category, role or kind would let a rule that forbids pass it by.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

import msgspec

from comity.errors import CallerError
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.facts import AnyExcept, Facts, Place


def checked(facts: Facts, vocabulary: Vocabulary) -> Facts:
    """The same facts, with regions by their canonical names (`GB` is `UK`).  Raises CallerError naming the member."""
    provider, evidence = facts.provider, vocabulary.evidence_kinds
    for field, said, known in (
        ("data.state", (facts.data.state,), vocabulary.states),
        ("data.categories", facts.data.categories, vocabulary.every_category),
        ("purpose", (facts.purpose,), vocabulary.purposes),
        ("feature", (facts.feature,), vocabulary.features),
        ("transaction", (facts.transaction,), vocabulary.transactions),
        ("legal_basis", (facts.legal_basis,), vocabulary.legal_bases),
        ("consent", facts.consent, vocabulary.consents),
        ("safeguards", facts.safeguards, evidence["safeguards"]),
        ("controller.sector", (facts.controller.sector,), vocabulary.sectors),
        ("output.modality", (facts.output.modality,), vocabulary.modalities),
        ("output.persona", (facts.output.persona,), vocabulary.personas),
        ("provider.kind", (provider.kind,), vocabulary.kinds),
        ("provider.role", (provider.role,), vocabulary.roles),
        ("provider.mechanisms", provider.mechanisms, evidence["mechanisms"]),
        ("provider.filings", provider.filings, evidence["filings"]),
        ("provider.certifications", provider.certifications, evidence["certifications"]),
    ):
        for word in said:
            if word is not None and word not in known:
                raise _unknown(field, word, known)
    _check_numbers(facts)
    return _canonical(facts, vocabulary)


def _check_numbers(facts: Facts) -> None:
    numbers = {
        "subject.age": facts.subject.age,
        "volumes.cn_ytd_pi": facts.volumes.cn_ytd_pi,
        "volumes.cn_ytd_spi": facts.volumes.cn_ytd_spi,
    }
    numbers |= {f"volumes.us_12mo.{name}": count for name, count in msgspec.structs.asdict(facts.volumes.us_12mo).items()}
    for field, number in numbers.items():
        if number is not None and number < 0:
            raise CallerError(f"facts.{field}: `{number}` is less than nothing", code="facts.invalid", field=field, hint="0 or more")


def _canonical(facts: Facts, vocabulary: Vocabulary) -> Facts:
    def region(field: str, name: str | None) -> str | None:
        if name is None:
            return None
        try:
            return vocabulary.canonical(name)
        except KeyError:
            near = vocabulary.nearest_region(name)
            raise CallerError(
                f"facts.{field}: `{name[:16]}` is not a region of ISO 3166", code="facts.region", field=field,
                hint=f"did you mean `{near}`?" if near else "for example CN, DE, EEA, US-CA",
            ) from None  # fmt: skip

    def regions(field: str, names: Iterable[str]) -> frozenset[str]:
        return frozenset(found for found in (region(field, name) for name in names) if found is not None)

    def place(field: str, where: Place) -> Place:
        if isinstance(where, AnyExcept):
            return AnyExcept(any_except=regions(field, where.any_except))
        return regions(field, where)

    replace: Callable[..., object] = msgspec.structs.replace
    subject, data, provider, tenant = facts.subject, facts.data, facts.provider, facts.tenant
    out: Facts = replace(  # type: ignore[assignment]
        facts,
        subject=replace(
            subject, location=region("subject.location", subject.location), residence=region("subject.residence", subject.residence)
        ),
        controller=replace(facts.controller, established=regions("controller.established", facts.controller.established)),
        data=replace(data, collected_in=region("data.collected_in", data.collected_in)),
        provider=replace(
            provider,
            operator_region=region("provider.operator_region", provider.operator_region),
            **{name: place(f"provider.{name}", getattr(provider, name)) for name in ("processing", "storage", "access")},
        ),
        tenant=tenant if tenant.residency is None else replace(tenant, residency=regions("tenant.residency", tenant.residency)),
    )
    return out


def _unknown(field: str, word: str, known: Iterable[str]) -> CallerError:
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return CallerError(
        f"facts.{field}: `{word[:64]}` is not a word of the vocabulary", code="facts.invalid", field=field,
        hint=f"did you mean `{near[0]}`?" if near else f"one of: {', '.join(sorted(known))}",
    )  # fmt: skip
