# SPDX-License-Identifier: Apache-2.0
"""Batches through real gateways: OpenAI's own client, a gateway that is killed, and two that share one queue."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

LEASE = "\n[batch]\nlease_seconds = 5\nconcurrent = {concurrent}\n"


def lines(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"custom_id": f"line-{number}", "method": "POST", "url": "/v1/chat/completions",
         "body": {"model": "auto", "messages": [{"role": "user", "content": f"hello {number}, 13812345678"}]}, **more}
        for number in range(count)
    ]  # fmt: skip


def client(base: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=base + "/v1", api_key="none", default_headers=subject("CN"), max_retries=0)


def submitted(asks: openai.OpenAI, rows: list[dict[str, Any]], **more: Any) -> str:
    content = "\n".join(json.dumps(row) for row in rows).encode()
    sent = asks.files.create(file=("asked.jsonl", content), purpose="batch")
    assert sent.bytes == len(content) and sent.filename == "asked.jsonl"
    return asks.batches.create(input_file_id=sent.id, endpoint="/v1/chat/completions", completion_window="24h", **more).id


def ended(asks: openai.OpenAI, name: str) -> Any:
    pause = threading.Event()
    for _ in range(3000):
        batch = asks.batches.retrieve(name)
        if batch.status in ("completed", "failed", "cancelled", "expired"):
            return batch
        pause.wait(0.02)
    raise AssertionError(f"it does not end: {batch}")


def read(asks: openai.OpenAI, file: str | None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in asks.files.content(file).text.splitlines()] if file else []


def said(partner: EchoPartner) -> list[str]:
    return [body["messages"][-1]["content"] for body in partner.bodies]


@pytest.fixture
def partner() -> Iterator[EchoPartner]:
    with EchoPartner() as made:
        yield made


def test_openais_own_client_runs_a_batch_from_file_to_file(tmp_path: Path, partner: EchoPartner) -> None:
    rows = lines(12)
    rows[3]["body"]["model"] = "us-virginia"
    rows[5]["body"]["shiny"] = 1
    with gateway(tmp_path, BEIJING.format(base=partner.base)) as process, client(process.base) as asks:
        name = submitted(asks, rows, metadata={"purpose": "a test"})
        batch = ended(asks, name)
        assert (batch.status, batch.metadata, batch.errors) == ("completed", {"purpose": "a test"}, None)
        assert batch.request_counts.model_dump() == {"total": 12, "completed": 10, "failed": 2}
        good, bad = read(asks, batch.output_file_id), read(asks, batch.error_file_id)
        assert [row["custom_id"] for row in good] == [f"line-{number}" for number in range(12) if number not in (3, 5)]
        for row in good:
            number = row["custom_id"].removeprefix("line-")
            assert row["response"]["body"]["choices"][0]["message"]["content"].startswith(f"hello {number}, 13812345678")
            assert row["comity"]["comity-region"] == "CN" and row["comity"]["comity-receipt"]
        denied, odd = bad
        assert denied["response"]["status_code"] == 451 and denied["response"]["body"]["error"]["decision"]["effect"] == "deny"
        assert denied["comity"]["comity-receipt"] == denied["response"]["body"]["error"]["receipt"]
        assert odd["response"]["status_code"] == 400 and odd["error"]["code"] == "request.unknown_field"
        assert not any("13812345678" in text for text in said(partner)), "what is personal is hidden from the partner"
        assert [each.id for each in asks.batches.list()] == [name]
        files = list(asks.files.list())
        assert {each.id for each in files} == {batch.input_file_id, batch.output_file_id, batch.error_file_id}
        assert [each.purpose for each in asks.files.list(purpose="batch", order="asc")] == ["batch"]
        assert asks.files.delete(batch.input_file_id).deleted
        with pytest.raises(openai.NotFoundError):
            asks.files.content(batch.input_file_id)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "gateway").iterdir() if path.is_file())
    for word in (b"13812345678", b"hello", b"u-81", b"asked.jsonl", b"a test", b"line-1"):
        assert word not in kept, "nothing of it lies there in the clear"


@pytest.mark.parametrize("retry", [False, True])
def test_a_killed_gateway_s_batch_goes_on_and_no_line_is_lost_or_doubled(tmp_path: Path, partner: EchoPartner, retry: bool) -> None:
    config, count = BEIJING.format(base=partner.base) + LEASE.format(concurrent=8), 150
    with gateway(tmp_path, config) as process, client(process.base) as asks:
        name = submitted(asks, lines(count), metadata={"retry_interrupted": "true"} if retry else {})
        pause = threading.Event()
        while len(partner.bodies) < 40:
            pause.wait(0.005)
        process.kill()
    before = len(said(partner))
    assert before < count, "it was killed in the middle"
    with gateway(tmp_path, config) as process, client(process.base) as asks:
        batch = ended(asks, name)
        good, bad = read(asks, batch.output_file_id), read(asks, batch.error_file_id)
    assert batch.status == "completed"
    assert sorted(row["custom_id"] for row in good + bad) == sorted(row["custom_id"] for row in lines(count))
    assert len({row["custom_id"] for row in good + bad}) == count
    if retry:
        assert not bad and count <= len(said(partner)) <= count + 8
    else:
        assert len(said(partner)) == len(set(said(partner))), "no line was sent twice"
        assert len(bad) <= 8 and {row["error"]["code"] for row in bad} <= {"batch.interrupted"}


def test_a_gateway_that_is_stopped_finishes_what_it_has_under_way(tmp_path: Path, partner: EchoPartner) -> None:
    config = BEIJING.format(base=partner.base) + LEASE.format(concurrent=4)
    with gateway(tmp_path, config) as process, client(process.base) as asks:
        name = submitted(asks, lines(200))
        pause = threading.Event()
        while len(partner.bodies) < 20:
            pause.wait(0.005)
    with gateway(tmp_path, config) as process, client(process.base) as asks:
        batch = ended(asks, name)
        assert batch.status == "completed" and batch.request_counts.completed == 200
    assert len(set(said(partner))) == len(said(partner)) == 200


def test_two_gateways_on_one_server_share_a_batch_and_each_line_is_sent_once(
    tmp_path: Path, partner: EchoPartner, postgres_url: str
) -> None:
    (tmp_path / "url").write_text(postgres_url)
    (tmp_path / "key").write_text("6b" * 32)
    stored = f"\n[storage]\nurl = {{ file = '{tmp_path / 'url'}' }}\nlog_key = {{ file = '{tmp_path / 'key'}' }}\n"
    config = BEIJING.format(base=partner.base) + stored + LEASE.format(concurrent=4).replace("= 5", "= 30")
    with (
        gateway(tmp_path, config, name="one") as one, gateway(tmp_path, config, name="two") as two,
        client(one.base) as asks, client(two.base) as other,
    ):  # fmt: skip
        name = submitted(asks, lines(500))
        batch = ended(other, name)
        good = read(other, batch.output_file_id)
        assert [each.id for each in other.batches.list(limit=1)] == [name]
        kept = [each.id for each in asks.files.list(limit=1, order="asc")]  # page by page
        assert sorted(kept) == sorted([batch.input_file_id, batch.output_file_id])
        for file in kept:
            assert other.files.delete(file).deleted
        assert not list(asks.files.list())
        counted = [_batch_lines(each.base) for each in (one, two)]
    assert batch.request_counts.model_dump() == {"total": 500, "completed": 500, "failed": 0}
    assert [row["custom_id"] for row in good] == [f"line-{number}" for number in range(500)]
    assert len(said(partner)) == len(set(said(partner))) == 500
    assert sum(counted) == 500 and min(counted) > 0, "both had a share in it"


def _batch_lines(base: str) -> int:
    from comity.lab.process import call

    row = 'comity_requests_total{route="batch",status="200"} '
    return sum(int(line.removeprefix(row)) for line in call(base, "GET", "/metrics").body.decode().splitlines() if line.startswith(row))


def test_the_command_line_runs_a_file_with_and_without_a_gateway(tmp_path: Path, partner: EchoPartner) -> None:
    config, asked = BEIJING.format(base=partner.base), tmp_path / "asked.jsonl"
    rows = lines(5)
    rows[0]["body"]["model"] = "us-virginia"
    asked.write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "gateway.toml").write_text(config)
    (tmp_path / "gateway").mkdir(mode=0o700)
    who = ["--subject", subject("CN")["Comity-Subject"]]

    def comity(*words: str) -> tuple[int, Any]:
        command = [sys.executable, "-m", "comity.cli.main", "--config", str(tmp_path / "gateway.toml"), "--home", str(tmp_path / "gateway")]
        done = subprocess.run([*command, "--json", "batch", *words], capture_output=True, timeout=120, check=False)
        return done.returncode, json.loads(done.stdout or done.stderr)

    def check(out: Path) -> None:
        answers = [json.loads(row)["custom_id"] for row in out.read_text().splitlines()]
        assert answers == ["line-1", "line-2", "line-3", "line-4"]
        (denied,) = [json.loads(row) for row in out.with_name(out.name + ".errors").read_text().splitlines()]
        assert denied["response"]["status_code"] == 451

    code, batch = comity("run", str(asked), "--out", str(tmp_path / "here"), *who)
    assert (code, batch["status"]) == (1, "completed"), "a line has no answer"
    check(tmp_path / "here")
    code, refused = comity("list")
    assert (code, refused["error"]["code"]) == (1, "gateway.failed")
    with gateway(tmp_path, config):
        code, batch = comity("run", str(asked), "--out", str(tmp_path / "there"), *who)
        assert (code, batch["request_counts"]) == (1, {"total": 5, "completed": 4, "failed": 1})
        check(tmp_path / "there")
        code, made = comity("submit", str(asked), *who, "--retry-interrupted")
        assert code == 0 and made["metadata"] == {"retry_interrupted": "true"}
        assert len(comity("list")[1]["batches"]) == 3
        while comity("show", made["id"])[1]["status"] != "completed":
            pass
        assert comity("fetch", made["id"], "--out", str(tmp_path / "fetched"))[0] == 1
        check(tmp_path / "fetched")
        assert comity("cancel", made["id"])[1]["error"]["code"] == "batch.ended"
        assert comity("run", str(tmp_path / "none"), "--out", "x")[1]["error"]["code"] == "request.unreadable"
