# SPDX-License-Identifier: Apache-2.0
"""`comity check`: is this configuration, with its packs, one that could start?"""

from __future__ import annotations

import argparse
import hashlib
from contextlib import suppress
from datetime import date
from pathlib import Path

from comity.cli import place, say
from comity.config import Config
from comity.errors import CallerError, OperatorError, StorageFailure

ABOUT = "check the configuration and the packs"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", nargs="?", default="", help="a comity.toml, or the folder of a pack")
    parser.add_argument("--texts", metavar="DIR", default="", help="with a pack: laws as they were read, which its quotes must stand in")


def run(args: argparse.Namespace) -> int:
    from comity.gateway.embedded import EMBEDDED
    from comity.gateway.issuers import load_issuers
    from comity.gateway.locate import Locator
    from comity.gateway.partners import resolve_all
    from comity.jurisdictions.load import load_packs
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.ports import SystemClock, SystemSecrets

    vocabulary, clock = load_vocabulary(), SystemClock()
    today = clock.now().date()
    if args.path and Path(args.path).is_dir():
        return _pack(args, Path(args.path))
    if args.texts:
        raise CallerError("`--texts` needs the folder of a pack", code="usage", exit_code=2, hint="comity check PACK --texts DIR")
    args.config = args.path or args.config
    config = place.configuration(args)
    packs = load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra])
    deployments = resolve_all(config.deployments or (EMBEDDED,), vocabulary=vocabulary, as_of=today)
    if config.node is not None:
        from comity.gateway.roles.terms import at_node

        deployments = at_node(config.node, deployments, vocabulary)
    for node in config.deployments:
        if node.trust is not None:
            from comity.client.checks import wanted

            wanted(node.trust, deployments[node.id], vocabulary)
    Locator(config=config, vocabulary=vocabulary, issuers=load_issuers(config.issuers), clock=clock, pseudonym_key=b"")
    vocabulary.valid_evidence(config.evidence, today)
    warnings: list[str] = []
    for deployment in config.deployments:
        expired = [item for item in deployment.evidence if not vocabulary.valid_evidence([item], today)]
        warnings += [f"deployment {deployment.id}: evidence `{item}` has expired" for item in expired]
        if deployment.api_key is not None:
            try:
                SystemSecrets().get(env=deployment.api_key.env, file=deployment.api_key.file)
            except OperatorError as error:
                warnings.append(f"deployment {deployment.id}: {error}")
    warnings += vouched(args, config, today)
    from comity.providers.catalog.places import said

    lines = [f"ok  {place.config_path(args) or 'no file: the defaults'}"]
    for pack in packs:
        until = "" if pack.head.tenant else f": read up to {pack.head.verified_through}, escalates after {pack.head.horizon}"
        if pack.head.depth != "sketch":
            lines.append(f"ok  pack {pack.name} ({pack.head.depth}){until}")
    sketches = [pack.name for pack in packs if pack.head.depth == "sketch"]
    lines += [f"ok  {len(sketches)} sketches, which deny or escalate where they are not sure: {', '.join(sketches)}"] if sketches else []
    for each in deployments.values():
        where = "this device" if each.on_device else f"{said(each.facts.processing)}{f' over {each.egress}' if each.egress else ''}"
        further = [host for host in each.downloads if host != each.egress]
        also = f", and what is kept at {', '.join(further)}" if further else ""
        read = f", read at the {'node alone' if each.plaintext_at == 'node' else 'partner too'}" if config.node is not None else ""
        lines.append(f"ok  deployment {each.id}: {where}{' (stand-in)' if each.stand_in else ''}{also}{read}")
    say.result(
        args,
        {"packs": [pack.name for pack in packs], "deployments": list(deployments), "warnings": warnings},
        "\n".join(lines),
    )
    for warning in warnings if not args.json else ():
        say.aside(f"warning: {warning}")
    return 0


def vouched(args: argparse.Namespace, config: Config, today: date) -> list[str]:
    """What is to be said of evidence, listed and registered: what ends soon, and what does not count."""
    from comity.accord.evidence import register
    from comity.gateway.ending import endings, soon, unchecked, uncounted
    from comity.storage.state import glimpse

    try:
        registered = register(glimpse(place.whereabouts(args, config).state, {})[1])
    except (OperatorError, StorageFailure) as error:
        return [f"the register of evidence cannot be read: {error}"]
    found = (
        soon(endings(config, config.deployments, registered, today), today),
        unchecked(uncounted(config, config.deployments, registered, today)),
    )
    return [line for line in found if line]


def _pack(args: argparse.Namespace, folder: Path) -> int:
    """Every problem of a pack, then every worked case of its own that does not hold."""
    from comity.jurisdictions.load import check_packs, load_pack
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.policy.cases import failures

    vocabulary = load_vocabulary()
    texts = _texts(args.texts) if args.texts else {}
    problems = check_packs([folder], texts.values())
    if not problems:
        pack = load_pack(folder, vocabulary)
        problems = [
            OperatorError(
                f"{folder.name}/tests.json: {line}", code="pack.case", hint="mend the rule, or the case that says what it should do"
            )
            for line in failures(pack, vocabulary)
        ]
    if problems:
        for further in problems[1:] if not args.json else ():
            say.aside(f"also: {further}")
        raise problems[0]
    text = f"ok  pack {pack.name}: {len(pack.rules)} rules, {len(pack.facts)} facts, {len(pack.cases)} worked cases hold"
    value = {"packs": [pack.name], "rules": len(pack.rules), "facts": len(pack.facts), "cases": len(pack.cases)}
    if args.texts:
        quoted = [fact for fact in pack.facts.values() if fact.quote]
        found = sum(fact.text_sha256 in texts for fact in quoted)
        rest = "" if found == len(quoted) else f"; the texts of {len(quoted) - found} are not there"
        text += f"\nok  {found} of {len(quoted)} quotes stand in the texts of {args.texts}{rest}"
        value |= {"quotes": len(quoted), "quotes_found": found}
    say.result(args, value, text)
    return 0


def _texts(folder: str) -> dict[str, Path]:
    """By SHA-256, as facts name them; what is no text is passed over."""
    texts: dict[str, Path] = {}
    try:
        for path in sorted(Path(folder).iterdir()):
            if path.is_file():
                raw = path.read_bytes()
                with suppress(UnicodeDecodeError):
                    raw.decode()
                    texts[hashlib.sha256(raw).hexdigest()] = path
    except OSError as error:
        why = f"cannot read the texts in `{folder}`: {error.strerror}"
        raise CallerError(why, code="usage", exit_code=2, hint="name a folder of laws as they were read") from None
    return texts
