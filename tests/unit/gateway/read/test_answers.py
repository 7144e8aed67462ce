# SPDX-License-Identifier: Apache-2.0
"""Deployments, packs, the log, reports and metrics: each says what the world behind it holds."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.accord.checks import Lookup
from comity.accord.evidence import Entry, dated, encode
from comity.config import CosignerConfig, DeploymentConfig, PublishConfig, SecretRef
from comity.config.schema import PriceConfig
from comity.errors import ProviderFailure
from comity.gateway.metrics import Metrics
from comity.gateway.read import reports
from comity.gateway.read.metrics import families
from comity.jurisdictions.load import load_packs
from comity.transparency.merkle import Frontier, consistency_holds, leaf_hash
from comity.transparency.note import COSIGNED_ED25519, Checkpoint, Signer, opened, parse_checkpoint, parse_vkey
from tests.simulated.worlds import config
from tests.unit.gateway.read.conftest import Reading, reading_of

QWEN = DeploymentConfig(
    id="qwen", provider="alibaba", region="cn-beijing", scope="chinese-mainland", model="qwen-plus",
    api_key=SecretRef(env="A_NAME_OF_A_KEY"), evidence=("processor_contract", "cn_genai:2026-12-31", "mlps-3:2026-01-31"),
)  # fmt: skip


async def test_a_deployment_says_where_by_whom_and_what_was_shown(home: Path) -> None:
    reading = await reading_of(config(QWEN), home)
    try:
        (row,) = (await reading.get("deployments"))["data"]
        assert (row["processing"], row["storage"], row["scope"], row["covered_person"]) == (["CN"], ["CN"], "chinese-mainland", True)
        sources = {each["of"]: each for each in row["sources"]}
        assert {"region", "scope", "group"} <= sources.keys()
        assert all(each["url"].startswith("https://") and date.fromisoformat(each["read"]) and each["says"] for each in row["sources"])
        evidence = {each["kind"]: each for each in row["evidence"]}
        assert (evidence["cn_genai"]["valid_to"], evidence["cn_genai"]["state"]) == ("2026-12-31", "valid")
        assert evidence["mlps-3"]["state"] == "expired" and evidence["assessment:cn_pipia"]["scope"] == "*"
        assert all(price["currency"] and price["source"]["url"] for price in row["prices"])
        assert "A_NAME_OF_A_KEY" not in (await reading.http.get("/comity/v1/deployments")).text
    finally:
        await reading.aclose()


async def test_a_price_of_ones_own_stands_for_the_catalog_s(home: Path) -> None:
    own = PriceConfig(currency="EUR", input=1.0, output=2.5)
    reading = await reading_of(config(msgspec.structs.replace(QWEN, model="text-embedding-v4", price=own)), home)
    try:
        (row,) = (await reading.get("deployments"))["data"]
        assert row["prices"] == [{"currency": "EUR", "input": 1.0, "output": 2.5, "source": None}]
    finally:
        await reading.aclose()


async def test_registered_evidence_stands_beside_what_is_configured(reading: Reading) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    state = reading.sim.world.state
    for more in ({"scope": "us-virginia", "valid_to": date(2027, 1, 1)}, {"scope": "*", "valid_from": date(2027, 1, 1)}):
        await state.add(encode(Entry(kind="eu_tia", document_sha256="0" * 64, approver="A", at=at, **more)))  # type: ignore[arg-type]
    await state.add(encode(Entry(withdraws=2, approver="A", at=at)))
    rows = {each["id"]: each["evidence"] for each in (await reading.get("deployments"))["data"]}

    def registered(name: str) -> list[tuple[Any, ...]]:
        return [(each["number"], each["state"], each["valid_to"]) for each in rows[name] if each["from"] == "register"]

    assert registered("us-virginia") == [(1, "valid", "2027-01-01")] and registered("qwen-beijing") == []
    looked_up = Lookup(register="cac-genai", number="Beijing-A-20230821", url="https://example.org/", on=date(2026, 11, 2), by="B. Clerk")
    made = Entry(kind="cn_genai", document_sha256="0" * 64, approver="A", at=at, issuer="An office", check=looked_up)
    await state.add(encode(made))
    (beijing,) = [each for each in (await reading.get("deployments"))["data"] if each["id"] == "qwen-beijing"]
    members = ("issuer", "check", "checked", "counts")
    checks = {(each["from"], each["kind"]): tuple(each[name] for name in members) for each in beijing["evidence"]}
    assert checks["register", "cn_genai"] == (
        "An office", "register", "register cac-genai Beijing-A-20230821, looked up 2026-11-02 by B. Clerk", True,
    )  # fmt: skip
    assert checks["configuration", "cn_genai"] == ("", "unchecked", "", True)
    told = reading.sim.world.metrics.text().decode()
    assert 'comity_evidence_days_left{kind="eu_tia",scope="us-virginia"} ' in told and "An office" not in told and "Clerk" not in told


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("mlps-3", ("mlps-3", None)),
        ("iso-27001:2027-05-01", ("iso-27001", date(2027, 5, 1))),
        ("assessment:cn_pipia", ("assessment:cn_pipia", None)),
        ("assessment:cn_pipia:2027-05-01", ("assessment:cn_pipia", date(2027, 5, 1))),
    ],
)
def test_evidence_is_a_kind_and_perhaps_its_last_day(item: str, expected: tuple[str, date | None]) -> None:
    assert dated(item) == expected


async def test_a_pack_says_what_is_in_force_and_what_comes_next(reading: Reading) -> None:
    page = await reading.get("packs")
    assert page["digest"] == reading.sim.world.engine.digest and {each["id"] for each in page["data"]} >= {"cn", "eea", "us"}
    for head in page["data"]:
        pack = await reading.get(f"packs/{head['id']}")
        assert pack["pack"] == head and len(pack["rules"]) == head["rules"]
        named = {fact["id"] for fact in pack["facts"]}
        assert {fact for rule in pack["rules"] for fact in rule["facts"]} <= named
        days = [each["on"] for each in pack["coming"]]
        assert days == sorted(days) and all(day > page["as_of"] for day in days)


@pytest.mark.parametrize("name", ["cn", "us", "eea", "us-ca"])
async def test_what_is_said_to_come_is_in_force_from_its_day_on(reading: Reading, name: str) -> None:
    """Asked on the day itself and on the day before, each rule that begins is there and was not, and the other way round."""
    packs = {pack.head.id: pack for pack in load_packs()}
    if name not in packs:
        pytest.skip("this pack does not ship")

    async def rules(day: date) -> list[str]:
        return [rule["id"] for rule in (await reading.get(f"packs/{name}", as_of=day.isoformat()))["rules"]]

    told = (await reading.get(f"packs/{name}", as_of="2020-01-01"))["coming"]
    for each in [each for each in told if each["what"].startswith("rule ")][:40]:
        day = date.fromisoformat(each["on"])
        counts = [(await rules(at)).count(each["id"]) for at in (day - timedelta(days=1), day)]
        same_day = [other["what"] for other in told if (other["on"], other["id"]) == (each["on"], each["id"])]
        assert counts[1] - counts[0] == same_day.count("rule begins") - same_day.count("rule ends")


async def test_a_pack_that_is_not_loaded_and_a_day_that_is_none(reading: Reading) -> None:
    assert await reading.refused("packs/atlantis") == (404, "pack.absent", None)
    assert await reading.refused("packs/cn?as_of=tomorrow") == (400, "request.query", "as_of")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_the_ends_of_time_are_days_too(reading: Reading, day: str) -> None:
    assert (await reading.get("packs/cn", as_of=day))["as_of"] == day
    for which in ("from", "to"):
        answer = await reading.http.get("/comity/v1/reports/flows", params={which: day})
        assert answer.status_code == (400 if day < "1970" else 200), answer.text


async def test_what_has_not_changed_is_not_sent_again(reading: Reading) -> None:
    first = await reading.http.get("/comity/v1/packs/cn")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for held in (tag, f'"other", W/{tag}'):
        again = await reading.http.get("/comity/v1/packs/cn", headers={"if-none-match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await reading.http.get("/comity/v1/packs/cn?as_of=2020-01-01", headers={"if-none-match": tag})).status_code == 200


async def test_nothing_of_the_record_is_kept_on_the_way(reading: Reading) -> None:
    for path in ("decisions", "deployments", "log", "log/checkpoint", "reports/flows", "metrics"):
        assert (await reading.http.get(f"/comity/v1/{path}")).headers["cache-control"] == "no-store"


async def test_the_head_of_the_log_is_signed_by_the_key_beside_it(reading: Reading) -> None:
    assert (await reading.get("log"))["size"] == 0
    for _ in range(3):
        await reading.ask()
    head = await reading.get("log")
    signed = parse_checkpoint(opened(head["checkpoint"], parse_vkey(head["vkey"])))
    assert (head["size"], signed.size, signed.origin) == (3, 3, head["origin"])
    note = await reading.http.get("/comity/v1/log/checkpoint")
    assert note.text == head["checkpoint"] and note.headers["content-type"].startswith("text/plain")


async def test_the_log_proves_that_it_has_only_grown(reading: Reading) -> None:
    heads = []
    for _ in range(3):
        await reading.ask()
        heads.append(await reading.get("log"))
    old, new = (parse_checkpoint(opened(each["checkpoint"], parse_vkey(each["vkey"]))) for each in heads[1:])
    told = await reading.get("log/consistency", old="2")
    proof = [base64.b64decode(each) for each in told["proof"]]
    assert told["new"] == 3 and consistency_holds(2, 3, old.root, new.root, proof)
    assert not consistency_holds(2, 3, new.root, old.root, proof)
    entries = [base64.b64decode(each) for each in (await reading.get("log/entries"))["data"]]
    tree = Frontier()
    for each in entries:
        tree.append(leaf_hash(each))
    assert tree.root() == new.root and (await reading.get("log/entries", **{"from": "9"}))["data"] == []
    for query, field in (("old=3&new=2", "old"), ("old=1&new=4", "new")):
        assert await reading.refused(f"log/consistency?{query}") == (400, "request.query", field)


async def test_what_is_published_says_who_has_witnessed_it(home: Path) -> None:
    seen, silent = (Signer(name, bytes([at]) * 32, COSIGNED_ED25519) for at, name in enumerate(("seen.example/w", "silent.example/w")))
    witnesses = tuple(CosignerConfig(url="http://127.0.0.1:9", key=each.verifier.vkey) for each in (seen, silent))
    reading = await reading_of(config(QWEN, publish=PublishConfig(store="tiles", witnesses=witnesses)), home)
    try:
        assert (await reading.get("log"))["published"]["checkpoint"] == ""
        heads = reading.sim.world.ledger.heads
        note = await heads.sign(Checkpoint(heads.verifier.name, 256, bytes(32)))
        await heads.keep(note + str(seen.cosignature(note[: note.rindex("\n\n") + 1], 1_795_000_000)))
        told = (await reading.get("log"))["published"]
        assert (told["store"], told["size"], told["quorum"]) == ("directory", 256, 2)
        assert [each["signed"] for each in told["witnesses"]] == ["2026-11-18T11:06:40Z", None]
    finally:
        await reading.aclose()


async def asked_all_day(reading: Reading) -> None:
    for hour in range(3):
        for person in range(4 + hour * 4):
            await reading.ask(name=f"u-{person}")
        await reading.ask(name="u-0")
        await reading.ask(name="u-1", model="us-virginia")
        await reading.ask(name="u-2", at="DE", model="eu-frankfurt")
        reading.sim.clock.advance(hours=1)


async def test_flows_count_what_went_where(reading: Reading) -> None:
    await asked_all_day(reading)
    by_hour = await reading.get("reports/flows", by="hour")
    counts = {(row["at"], row["source"], *row["destination"], row["effect"]): row["records"] for row in by_hour["rows"]}
    assert counts["2026-11-23T13", "CN", "CN", "allow"] == 9 and counts["2026-11-23T14", "DE", "DE", "allow"] == 1
    assert counts["2026-11-23T12", "CN", "deny"] == 1 and sum(counts.values()) == by_hour["records"] == 33
    by_day = await reading.get("reports/flows", **{"from": "2026-11-23", "to": "2026-11-24"})
    assert sum(row["records"] for row in by_day["rows"]) == 33 and len(by_day["rows"]) == 3
    one_hour = await reading.get("reports/flows", **{"from": "2026-11-23T13:00:00Z", "to": "2026-11-23T14:00:00Z"})
    assert one_hour["records"] == 11


async def test_persons_are_counted_once_and_few_are_not_told(reading: Reading) -> None:
    await asked_all_day(reading)
    rows = (await reading.get("reports/subjects", by="hour"))["rows"]
    counts = {(row["at"], row["source"]): row["subjects"] for row in rows}
    assert counts["2026-11-23T12", "CN"] is None and counts["2026-11-23T14", "CN"] == 12 and counts["2026-11-23T14", "DE"] is None
    (day,) = [row["subjects"] for row in (await reading.get("reports/subjects"))["rows"] if row["source"] == "CN"]
    assert day == 12


async def test_obligations_reasons_and_outcomes(reading: Reading) -> None:
    reading.sim.partners["qwen-beijing"].failures.append(ProviderFailure("broken", kind="content", retryable=False))
    for model in ("qwen-beijing", "qwen-beijing", "us-virginia", "us-virginia"):
        await reading.ask(model=model)
    attempts = (await reading.get("decisions", effect="allow"))["data"]
    ok = sum(row["status"] == "ok" for row in attempts)
    assert ok and len(attempts) > ok
    owed = {row["obligation"]: row for row in (await reading.get("reports/obligations"))["rows"]}
    assert (owed["label.explicit"]["records"], owed["label.explicit"]["met_by"]) == (len(attempts), "code")
    assert owed["contract:processor"]["met_by"] == "evidence"
    reasons = {row["fact"]: row for row in (await reading.get("reports/reasons"))["rows"]}
    assert (reasons["cn-pipl-39"]["records"], reasons["cn-pipl-39"]["article"]) == (2, "Art. 39")
    assert len((await reading.get("reports/reasons", limit=1))["rows"]) == 1
    ends = {row["status"]: row for row in (await reading.get("reports/outcomes"))["rows"]}
    assert (ends["ok"]["attempts"], ends["ok"]["completion_tokens"]) == (ok, 4 * ok)
    assert ends["provider.failed"]["attempts"] == len(attempts) - ok


async def test_a_report_over_too_much_says_that_it_is_not_whole(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "RECORDS_MAX", 2)
    monkeypatch.setattr(reports, "AT_ONCE", 1)
    for _ in range(3):
        await reading.ask()
        reading.sim.clock.advance(minutes=1)
    found = await reading.get("reports/flows")
    assert (found["records"], found["complete"], found["from"]) == (2, False, "2026-11-23T12:01:00Z")


async def test_each_report_is_listed_and_no_other_is_made(reading: Reading) -> None:
    listed = (await reading.get("reports"))["data"]
    for each in listed:
        assert (await reading.get(each["href"]))["name"] == each["name"]
    assert await reading.refused("reports/secrets") == (404, "report.unknown", None)
    assert {each["name"] for each in listed} == set(reports.KINDS)


async def test_metrics_are_those_of_the_exposition(reading: Reading) -> None:
    await reading.ask()
    found = {each["name"]: each for each in (await reading.get("metrics"))["data"]}
    answered = {tuple(sorted(each["labels"].items())): each["value"] for each in found["comity_requests_total"]["samples"]}
    assert answered[(("route", "/v1/chat/completions"), ("status", "200"))] == 1 and found["comity_requests_total"]["type"] == "counter"


def test_the_exposition_is_read_back_whole() -> None:
    text = Metrics().text().decode()
    samples = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert sum(len(each.samples) for each in families(text)) == len(samples)
    odd = '# TYPE x counter\n# HELP x a b\nx{a="q\\"\\\\\\n}",b="2"} 3 1700000000\nx_bucket{le="+Inf"} NaN\nalone 1e3\n'
    x, alone = families(odd)
    assert (x.name, x.type, x.help) == ("x", "counter", "a b") and x.samples[0].labels == {"a": 'q"\\\n}', "b": "2"}
    assert x.samples[0].value == 3 and x.samples[1].value is None and x.samples[1].labels == {"le": "+Inf"}
    assert (alone.type, alone.samples[0].value) == ("untyped", 1000)
