# SPDX-License-Identifier: Apache-2.0
"""Reading `comity.toml`: strict, and each error names file, line, field, reason and mend."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import get_args

import msgspec

from comity.config.lines import Path as Place
from comity.config.lines import lines
from comity.config.schema import (
    BatchConfig,
    BudgetConfig,
    Config,
    ConsoleConfig,
    CostConfig,
    NodeConfig,
    PublishConfig,
    RatesConfig,
    RelayConfig,
    SecretRef,
    Section,
    TelemetryConfig,
)
from comity.errors import OperatorError

_AT = re.compile(r" - at `\$?([^`]*)`$")
_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_HASH = re.compile(r"[0-9a-fA-F]{64}")
KEY_ID = re.compile(r"(?!subject\Z)[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Under which a change stands in the log: what begins a session without a key has a colon, and a person is `subject`."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_IMAGE = re.compile(r"sha256:[0-9a-f]{64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
POOL = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SEE = "see docs/reference/configuration.md"
Fault = tuple[Place, str, str]
"""Where, why, and the mend."""


def load_config(path: Path | None) -> Config:
    """None: the defaults, which need no file.  Raises OperatorError."""
    if path is None:
        return Config()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise OperatorError(
            f"cannot read `{path}`: {reason}", code="config.unreadable", hint="name another: comity --config FILE …"
        ) from None
    return parse_config(text, path.name)


def parse_config(text: str, name: str) -> Config:
    """``name`` is what errors call the file."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = re.search(r"^(.*) \(at line (\d+), column \d+\)$", str(error))
        line, reason = (said[2], said[1]) if said else (str(text.count("\n") + 1), re.sub(r" \(at .*\)$", "", str(error)))
        raise OperatorError(
            f"{name}:{line}: not TOML: {reason[:1].lower()}{reason[1:]}", code="config.invalid", hint="see https://toml.io for the form"
        ) from None
    except RecursionError:
        raise OperatorError(f"{name}: nests too deeply to be read", code="config.invalid", hint=_SEE) from None
    try:
        config = msgspec.convert(tree, Config, strict=True)
    except msgspec.ValidationError as error:
        raise _refusal(_shape_fault(str(error)), text, name) from None
    for fault in faults(config):
        raise _refusal(fault, text, name)
    return config


def faults(config: Config) -> Iterator[Fault]:
    """What shapes alone cannot say, and needs no other room to see."""
    server, limits = config.server, config.limits
    if not 0 <= server.port <= 65535:
        yield ("server", "port"), f"{server.port} is not a port", "0 to 65535; 0 takes any free one"
    if server.workers < 1:
        yield ("server", "workers"), "is not a number above zero", "leave it out for one process"
    elif server.workers > 1 and config.storage.url is None:
        yield ("server", "workers"), "several processes share one database, and a home is for one", "set `storage.url`, or leave it out"
    open_to_all = config.relay is not None or config.witness is not None  # neither has anything to keep from anybody
    if exposed(server.host) and not config.keys and not open_to_all:
        yield (
            ("server", "host"),
            f"`{server.host}` is reachable from other machines, and no key is configured",
            "add [[keys]] (comity keys new)",
        )
    for limit in limits.__struct_fields__:
        least = 0 if limit == "memory_bytes_max" else math.ulp(0)
        if not least <= getattr(limits, limit) < math.inf:  # TOML knows nan and inf
            yield ("limits", limit), "is not a number above zero", "leave it out for the default"
    device = config.device
    for name in device.__struct_fields__:
        if not 0 <= getattr(device, name) < math.inf:
            yield ("device", name), "is not a number of at least zero", "leave it out for the default"
    yield from _routing(config)
    if not 0 <= server.drain_seconds < math.inf:
        yield ("server", "drain_seconds"), "is not a number of at least zero", "0 closes the door at once"
    yield from _telemetry(config.telemetry)
    yield from _batch(config.batch)
    yield from _storage(config)
    yield from _trusted(config)
    yield from _published(config)
    yield from _console(config.console)
    if config.node is not None:
        yield from _node(config.node, config)
    if config.relay is not None:
        yield from _relay(config.relay)
    for number, key in enumerate(config.keys):
        if not KEY_ID.fullmatch(key.id):
            yield ("keys", number, "id"), "is no id of a key", "letters, digits, `.`, `_` and `-`, at most 64, and not `subject`"
        if not _HASH.fullmatch(key.sha256):
            yield ("keys", number, "sha256"), "is not 64 hexadecimal digits", "comity keys new prints a key and its hash"
        yield from allowance_faults(("keys", number), key.limits, key.budget)
        if key.tenant and key.tenant not in {tenant.id for tenant in config.tenants}:
            yield ("keys", number, "tenant"), f"`{key.tenant}` is no tenant", "add it as [[tenants]]"
    for number, tenant in enumerate(config.tenants):
        yield from allowance_faults(("tenants", number), tenant.limits, tenant.budget)
    if config.shared.valkey is not None:
        yield from _secret(("shared", "valkey"), config.shared.valkey)
    for number, deployment in enumerate(config.deployments):
        if deployment.api_key is not None:
            yield from _secret(("deployments", number, "api_key"), deployment.api_key)
    named = (
        ("keys", [key.id for key in config.keys]), ("tenants", [tenant.id for tenant in config.tenants]),
        ("deployments", [deployment.id for deployment in config.deployments]),
    )  # fmt: skip
    for table, ids in named:
        for number, each in enumerate(ids):
            if each in ids[:number]:
                yield (table, number, "id"), f"`{each}` stands twice", "rename one"
    known = {deployment.id for deployment in config.deployments} or {"device"}
    for number, key in enumerate(config.keys):
        for model in key.models:
            if model not in known:
                yield ("keys", number, "models"), f"`{model}` is no deployment", f"one of: {', '.join(sorted(known))}"
    for count, where in ((config.volumes.cn_ytd_pi, "cn_ytd_pi"), (config.volumes.cn_ytd_spi, "cn_ytd_spi")):
        if count < 0:
            yield ("volumes", where), "is below zero", "a number of persons"
    for where in config.volumes.us_12mo.__struct_fields__:
        if getattr(config.volumes.us_12mo, where) < 0:
            yield ("volumes", "us_12mo", where), "is below zero", "a number of persons"


def _storage(config: Config) -> Iterator[Fault]:
    url, key = config.storage.url, config.storage.log_key
    if (url is None) is not (key is None):
        yield ("storage",), "names only one of `url` and `log_key`", "gateways on one server keep one log, and sign it with one key"
    for name, secret in (("url", url), ("log_key", key)):
        if secret is not None:
            yield from _secret(("storage", name), secret)
    if url is not None and config.paths.state:
        yield ("paths", "state"), "the state lies on the server that `storage.url` names", "leave one of them out"


def _trusted(config: Config) -> Iterator[Fault]:
    """What nodes must prove.  Whether its keys are keys is seen where they are used, before anything is sent."""
    for number, deployment in enumerate(config.deployments):
        place, terms = ("deployments", number, "trust"), deployment.trust
        if terms is None:
            if deployment.provider == "node":
                yield place, "is missing", "pin what its node must prove: docs/howto/seal-your-app.md"
            continue
        if deployment.provider != "node":
            yield place, "is what a sealed node must prove, and nobody else can", 'provider = "node", or leave it out'
        if not terms.pool or not terms.log:
            yield (*place, "log" if terms.pool else "pool"), "is empty", "as the node's operator publishes it"
        if not 1 <= terms.quorum <= len(terms.witnesses):
            reason = f"{terms.quorum} must sign, and {len(terms.witnesses)} are named"
            yield (*place, "quorum"), reason, "name as many witnesses, at least one"
        if terms.checkpoint_seconds_max < 1:
            yield (*place, "checkpoint_seconds_max"), "is not a number above zero", "leave it out for the default"
        if terms.padding_bytes_min < 0:
            yield (*place, "padding_bytes_min"), "is below zero", "0 pads nothing"
        if not terms.suites:
            yield (*place, "suites"), "is empty", "leave it out for the default"
        if terms.policy and not _DIGEST.fullmatch(terms.policy):
            yield (*place, "policy"), "is not 64 hexadecimal digits in lower case", "leave it out to take the law that the log names"
        for image in terms.images:
            if not _IMAGE.fullmatch(image):
                yield (*place, "images"), "names no digest", "sha256: and 64 hexadecimal digits in lower case"


def _published(config: Config) -> Iterator[Fault]:
    """Whether keys of witnesses are keys is seen where they are used, before anybody is asked."""
    wanted, node = config.publish, config.node
    if not 1 <= wanted.seconds < math.inf:
        yield ("publish", "seconds"), "is not a number of at least one", "leave it out for the default"
    if not 1 <= wanted.fill <= 65_536:
        yield ("publish", "fill"), "is not a number from 1 to 65536", "1 fills nothing"
    if node is not None and node.log_key is None and config.storage.url is not None:
        yield ("node", "log_key"), "is missing: nodes on one server keep one log, and sign it with one key", "openssl rand -hex 32"
    sections: list[tuple[str, PublishConfig | NodeConfig]] = [("publish", wanted)] + ([("node", node)] if node is not None else [])
    for name, section in sections:
        if section.quorum < 0:
            yield (name, "quorum"), "is below zero", "0 shows what nobody has signed yet"
        for number, each in enumerate(section.witnesses):
            if not re.fullmatch(r"https?://[^/@?#\s]+(/[^@?#\s]*)?", each.url):
                yield (name, "witnesses", number, "url"), "is not the base URL of a witness", "https://witness.example.org"


def _console(wanted: ConsoleConfig) -> Iterator[Fault]:
    if wanted.url and not re.fullmatch(r"https?://[^/@?#\s]+", wanted.url):
        yield ("console", "url"), "is not a base URL without a path", "https://comity.example.org"
    for name in ("session_seconds", "link_seconds"):
        if getattr(wanted, name) < 60:
            yield ("console", name), "is not a number of at least 60", "leave it out for the default"
    if (oidc := wanted.oidc) is None:
        return
    if not wanted.url:
        yield ("console", "url"), "is missing: the issuer sends people back to it", "https://comity.example.org"
    if not re.fullmatch(r"https://[^@?#\s]+|http://(127\.0\.0\.1|localhost)(:[0-9]+)?(/[^@?#\s]*)?", oidc.issuer):
        yield ("console", "oidc", "issuer"), "is not an issuer's URL, with https", "https://login.example.org"
    for name in ("client_id", "claim", "roles"):
        if not getattr(oidc, name):
            yield ("console", "oidc", name), "is empty", "as the issuer says it" if name != "roles" else '{ "privacy-office" = "officer" }'
    if oidc.client_secret is not None:
        yield from _secret(("console", "oidc", "client_secret"), oidc.client_secret)


def _node(node: NodeConfig, config: Config) -> Iterator[Fault]:
    if not POOL.fullmatch(node.pool):
        yield ("node", "pool"), f"`{node.pool[:64]}` is not lower-case letters, digits and hyphens", "for example cn-assist"
    if node.url and not re.fullmatch(r"https?://[^/@?#\s]+(/[^@?#\s]*)?", node.url):
        yield ("node", "url"), "is not a base URL", "https://node.example.org"
    if node.image and not _IMAGE.fullmatch(node.image):
        yield ("node", "image"), "names no digest", "sha256: and 64 hexadecimal digits in lower case"
    if node.level in ("A2", "A3"):
        yield ("node", "level"), f"`{node.level}` needs what only the machine can say of each key, which is not asked for here", "A0 or A1"
    if (node.level == "A0") is bool(node.evidence):
        yield ("node", "evidence"), "goes with a level above A0, and such a level with it", "the file that a builder signed: comity attest"
    if node.level != "A0" and not node.image:
        yield ("node", "image"), "is missing: evidence is for one image", "sha256: and 64 hexadecimal digits in lower case"
    if not 0 < node.publish_seconds < math.inf:
        yield ("node", "publish_seconds"), "is not a number above zero", "leave it out for the default"
    if not 0 <= node.beat_seconds <= 1:
        yield ("node", "beat_seconds"), "is not between 0 and 1", "0 lets each event go at once"
    for name in ("padding_bytes_min", "event_bytes_min"):
        if not 0 <= getattr(node, name) <= 1 << 20:
            yield ("node", name), "is not between 0 and 1048576", "0 pads nothing"
    if config.server.workers > 1:  # a request must meet the process whose key it was sealed to
        yield ("server", "workers"), "the keys of a node are those of one process", "run several nodes, each with a URL of its own"
    if not config.deployments:
        yield ("node",), "has no model to ask", "add [[deployments]]"


def _relay(relay: RelayConfig) -> Iterator[Fault]:
    if not relay.operator or not relay.operator.isprintable():
        yield ("relay", "operator"), "is empty, or cannot be printed", "who runs this relay"
    if not relay.pools:
        yield ("relay", "pools"), "names no pool", 'cn-assist = "https://node.example.org"'
    for pool, url in relay.pools.items():
        if not POOL.fullmatch(pool):
            yield ("relay", "pools", pool), "is not lower-case letters, digits and hyphens", "for example cn-assist"
        if not re.fullmatch(r"https?://[^/@?#\s]+(/[^@?#\s]*)?", url):
            yield ("relay", "pools", pool), "is not the base URL of a node", "https://node.example.org"
    for pool in relay.node_operators:
        if pool not in relay.pools:
            yield ("relay", "node_operators", pool), "is no pool of this relay", f"one of: {', '.join(sorted(relay.pools))}"
    if relay.body_bytes_max < 1:
        yield ("relay", "body_bytes_max"), "is not a number above zero", "leave it out for the default"


def _telemetry(wanted: TelemetryConfig) -> Iterator[Fault]:
    if wanted.endpoint and not re.fullmatch(r"https?://[^/@?#\s]+(/[^@?#\s]*)?", wanted.endpoint):
        yield ("telemetry", "endpoint"), "is not the base URL of a collector", "http://127.0.0.1:4318"
    if not 0 <= wanted.sampled_share <= 1:
        yield ("telemetry", "sampled_share"), "is not between 0 and 1", "1 traces every request"
    if not 0 <= wanted.metrics_seconds < math.inf:
        yield ("telemetry", "metrics_seconds"), "is not a number of at least zero", "0 sends no metrics"
    if wanted.spans_max < 1:
        yield ("telemetry", "spans_max"), "is not a number above zero", "leave it out for the default"
    if wanted.token is not None:
        yield from _secret(("telemetry", "token"), wanted.token)


def _batch(wanted: BatchConfig) -> Iterator[Fault]:
    for name in wanted.__struct_fields__:
        value, least = getattr(wanted, name), {"concurrent": 0, "lease_seconds": 5}.get(name, 1)
        if type(value) is int and value < least:
            yield ("batch", name), f"is not a number of at least {least}", "leave it out for the default"
    if wanted.key is not None:
        yield from _secret(("batch", "key"), wanted.key)


def _routing(config: Config) -> Iterator[Fault]:
    routing = config.routing
    zero = ("retry_share_max", "retries_min", "probe_seconds", "hedge_after_ms", "queue_max", "backoff_seconds")  # each turns something off
    for name in routing.__struct_fields__:
        value = getattr(routing, name)
        if type(value) in (int, float) and not (0 <= value < math.inf if name in zero else 0 < value < math.inf):
            yield ("routing", name), f"is not a number {'of at least' if name in zero else 'above'} zero", "leave it out for the default"
    for number, each in enumerate(config.deployments):
        place = ("deployments", number)
        if not 0 <= each.weight < math.inf:
            yield (*place, "weight"), "is not a number of at least zero", "1 is the default; 0 asks it only when the others fail"
        if each.concurrency_max < 0:
            yield (*place, "concurrency_max"), "is below zero", "0 is no limit"
        if each.price is not None and not all(0 <= part < math.inf for part in (each.price.input, each.price.output, each.price.request)):
            yield (*place, "price"), "is not a number of at least zero", "of a million tokens"
    ceilings: list[tuple[Place, CostConfig | None]] = [(("routing", "cost_max"), routing.cost_max)]
    ceilings += [(("keys", number, "cost_max"), key.cost_max) for number, key in enumerate(config.keys)]
    for where, ceiling in ceilings:
        if ceiling is not None and not 0 < ceiling.amount < math.inf:
            yield where, "is not an amount above zero", "leave it out for none"


def allowance_faults(place: Place, limits: RatesConfig | None, budget: BudgetConfig | None) -> Iterator[Fault]:
    """Of a key or a tenant, wherever it is written."""
    if limits is not None:
        for name in limits.__struct_fields__:
            if getattr(limits, name) < 0:
                yield (*place, "limits", name), "is below zero", "0 is no limit"
    if budget is not None:
        if not 0 < budget.amount < math.inf:
            yield (*place, "budget", "amount"), "is not a number above zero", "an amount of the currency, for example 50.0"
        if not _CURRENCY.fullmatch(budget.currency):
            yield (*place, "budget", "currency"), f"`{budget.currency[:16]}` is no currency", "three letters of ISO 4217, for example USD"


def exposed(host: str) -> bool:
    """Whether a gateway bound to ``host`` can be reached from other machines."""
    if host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def _secret(place: Place, secret: SecretRef) -> Iterator[Fault]:
    if bool(secret.env) + bool(secret.file) + bool(secret.command) != 1:
        mend = 'one of { env = "NAME" }, { file = "PATH" } and { command = ["PROGRAM", …] }; never the secret itself'
        yield place, "names not exactly one source", mend


def _shape_fault(said: str) -> Fault:
    at = _AT.search(said)
    place: Place = tuple(int(found[1]) if found[1] else found[2] for found in _STEP.finditer(at[1])) if at else ()
    reason = _AT.sub("", said)
    unknown = _UNKNOWN.search(reason)
    if unknown:
        return (*place, unknown[1]), "unknown field", _meant(unknown[1], tuple(step for step in place if isinstance(step, str)))
    reason = re.sub(r"^Invalid enum value .*$", "is not one of the values it may have", reason)
    return place, f"{reason[:1].lower()}{reason[1:]}", _SEE


def _meant(name: str, table: tuple[str, ...]) -> str:
    """A name of this table that looks like it, else the tables that do have it."""
    known = dict(_tables(Config, ()))
    close = get_close_matches(name, known[table].__struct_fields__, 1)
    if close:
        return f"did you mean `{close[0]}`?"
    homes = [".".join(path) or "the top of the file" for path, section in known.items() if name in section.__struct_fields__]
    return f"it belongs in {' or '.join(homes)}" if homes else _SEE


def _tables(section: type[Section], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], type[Section]]]:
    """Every table a file may have, by the names that lead to it."""
    yield path, section
    for field in msgspec.structs.fields(section):
        for inner in (field.type, *get_args(field.type)):
            if isinstance(inner, type) and issubclass(inner, Section):
                yield from _tables(inner, (*path, field.name))


def _refusal(fault: Fault, text: str, name: str) -> OperatorError:
    place, reason, mend = fault
    known = lines(text)
    line = next((known[place[:length]] for length in range(len(place), 0, -1) if place[:length] in known), 1)
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")
    return OperatorError(
        f"{name}:{line}: {field}: {reason}" if field else f"{name}: {reason}", code="config.invalid", field=field, hint=mend
    )
