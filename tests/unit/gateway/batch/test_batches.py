# SPDX-License-Identifier: Apache-2.0
"""Batches from submission to their files: the law of each line, its caller's limits, and every way in which one ends."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
import pytest

from comity.config import BatchConfig, BudgetConfig, KeyConfig, PriceConfig, RatesConfig, RoutingConfig, SecretRef
from comity.errors import ProviderFailure, StorageFailure
from comity.gateway.batch import queue
from tests.simulated.worlds import BEIJING, FRANKFURT, VIRGINIA, config, subject
from tests.unit.gateway.batch.conftest import CHAT, Desk, line

Opened = Callable[..., Awaitable[Desk]]
KEY = KeyConfig(id="app", sha256=hashlib.sha256(b"s3cret").hexdigest(), may_assert_subject=True)


def sent(desk: Desk) -> int:
    return sum(len(partner.received) for partner in desk.sim.partners.values())


async def test_each_line_is_judged_under_its_own_facts(desk: Desk) -> None:
    german = subject("DE")["Comity-Subject"]
    name = await desk.submit(
        line("as-submitted"),
        line("a-german", comity={"subject": german}),
        line("a-german-in-beijing", model="qwen-beijing", comity={"subject": german}),
        line("abroad", model="us-virginia"),
        line("no-word", comity={"task": "no_such_task"}),
        line("who", comity={"subject": "location=???"}),
    )
    await desk.work()
    made, (good, bad) = await desk.batch(name), await desk.answers(name)
    assert made["status"] == "completed" and made["request_counts"] == {"total": 6, "completed": 2, "failed": 4}
    assert good["as-submitted"]["comity"]["comity-region"] == "CN" and good["a-german"]["comity"]["comity-region"] == "DE"
    assert [bad[each]["response"]["status_code"] for each in ("a-german-in-beijing", "abroad", "no-word", "who")] == [451, 451, 400, 400]
    for each in ("a-german-in-beijing", "abroad"):
        error = bad[each]["response"]["body"]["error"]
        assert error["decision"]["candidates"][0]["reasons"] and bad[each]["comity"]["comity-receipt"] == error["receipt"]
        assert bad[each]["error"]["code"] == "policy.deny"
    receipts = [row["comity"]["comity-receipt"] for row in good.values()]
    for receipt in receipts:
        assert (await desk.http.get(f"/comity/v1/receipts/{receipt}")).json()["receipt"]["effect"] == "allow"
    assert sent(desk) == 2 and not desk.sim.partners["us-virginia"].received


async def test_a_line_that_streams_or_asks_what_nobody_knows_is_refused_and_the_others_go_on(desk: Desk) -> None:
    name = await desk.submit(line("stream", stream=True), line("odd", shiny=1), line("model", model="nothing"), line("good"))
    await desk.work()
    good, bad = await desk.answers(name)
    assert list(good) == ["good"]
    assert {each: row["error"]["code"] for each, row in bad.items()} == {
        "stream": "batch.stream", "odd": "request.unknown_field", "model": "request.unknown_model",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        (['{"custom_id": "a"'], [(1, "batch.line")]),
        (["\xff not json"], [(1, "batch.line")]),
        (["[1]"], [(1, "request.invalid")]),
        ([line("a"), "", line("a")], [(3, "batch.line")]),
        ([line("a", url="/v1/embeddings")], [(1, "batch.line")]),
        ([line("a") | {"method": "GET"}, line("b") | {"shiny": 1}], [(1, "request.invalid"), (2, "request.unknown_field")]),
        ([line("a") | {"custom_id": ""}], [(1, "request.invalid")]),
        (["\n", "  "], [(None, "batch.empty")]),
        ([line(str(number)) for number in range(6)], [(6, "batch.too_long")]),
    ],
)
async def test_a_file_that_is_not_what_it_should_be_fails_whole_before_anything_is_sent(
    opened: Opened, rows: list[Any], faults: list[tuple[int | None, str]]
) -> None:
    desk = await opened(config(BEIJING, batch=BatchConfig(lines_max=5)))
    name = await desk.submit(*rows)
    await desk.work()
    made = await desk.batch(name)
    assert made["status"] == "failed" and made["failed_at"] and made["output_file_id"] is None
    assert [(fault["line"], fault["code"]) for fault in made["errors"]["data"]] == faults
    assert not sent(desk)


@pytest.mark.parametrize(
    ("endpoint", "body", "member"),
    [
        ("/v1/responses", {"input": "hello"}, "output"),
        ("/v1/messages", {"max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}, "content"),
    ],
)
async def test_a_line_speaks_the_language_of_its_endpoint(desk: Desk, endpoint: str, body: dict[str, Any], member: str) -> None:
    rows = [{"custom_id": each, "method": "POST", "url": endpoint, "body": body | more} for each, more in (("a", {}), ("b", {"shiny": 1}))]
    name = await desk.submit(*rows, endpoint=endpoint)
    await desk.work()
    good, bad = await desk.answers(name)
    assert good["a"]["response"]["body"][member] and good["a"]["comity"]["comity-receipt"]
    error = bad["b"]["response"]["body"]
    assert ("type" in error) is (endpoint == "/v1/messages") and bad["b"]["error"]["code"] == "request.unknown_field"


async def test_while_every_lawful_place_is_full_lines_wait(opened: Opened) -> None:
    place = msgspec.structs.replace(BEIJING, concurrency_max=1)
    desk = await opened(config(place, routing=RoutingConfig(queue_max=0), batch=BatchConfig(concurrent=4)))
    name = await desk.submit(*[line(str(number)) for number in range(6)])
    waited = 0
    for _ in range(12):
        await desk.work()
        made = await desk.batch(name)
        if made["status"] == "completed":
            break
        waited += 1
        desk.sim.clock.advance(seconds=10)
    assert waited and made["request_counts"] == {"total": 6, "completed": 6, "failed": 0} and sent(desk) == 6


async def test_what_is_too_large_is_refused(opened: Opened) -> None:
    desk = await opened(config(BEIJING, batch=BatchConfig(file_bytes_max=5000, kept_bytes_max=8000)))
    assert (await desk.upload(b"x" * 5001)).json()["error"]["code"] == "request.too_large"
    assert (await desk.upload(b"x" * 100_000)).status_code == 413
    kept = await desk.upload(b"x" * 5000)
    full = await desk.upload(b"x" * 5000)
    assert (full.status_code, full.json()["error"]["code"]) == (413, "batch.kept")
    assert (await desk.http.delete(f"/v1/files/{kept.json()['id']}")).json()["deleted"] is True
    assert (await desk.upload(b"x" * 5000)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"purpose": "fine-tune"}, "request.invalid"),
        ({"expires_after[seconds]": "9"}, "request.invalid"),
        ({"shiny": "1"}, "request.unknown_field"),
    ],
)
async def test_a_form_that_asks_for_more_is_refused(desk: Desk, fields: dict[str, str], code: str) -> None:
    assert (await desk.upload(b"{}", **fields)).json()["error"]["code"] == code


async def test_a_submission_is_held_to_its_shape(desk: Desk) -> None:
    file = (await desk.upload(b"{}")).json()["id"]
    good = {"input_file_id": file, "endpoint": CHAT, "completion_window": "24h"}
    for change, status, code in (
        ({"endpoint": "/v1/audio/speech"}, 400, "request.invalid"), ({"completion_window": "1d"}, 400, "request.invalid"),
        ({"completion_window": "999h"}, 400, "request.invalid"), ({"shiny": 1}, 400, "request.unknown_field"),
        ({"input_file_id": "file-none"}, 404, "batch.no_file"),
    ):  # fmt: skip
        answer = await desk.http.post("/v1/batches", json=good | change)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), change
    wrong = await desk.http.post("/v1/batches", json=good, headers={"Comity-Subject": "location=???"})
    assert wrong.json()["error"]["code"] == "request.subject"


async def test_at_a_limit_lines_wait_and_at_the_end_of_a_budget_they_fail(opened: Opened) -> None:
    place = msgspec.structs.replace(BEIJING, price=PriceConfig(currency="USD", input=0.0, request=1.0))
    key = msgspec.structs.replace(
        KEY, limits=RatesConfig(requests_per_minute=2), budget=BudgetConfig(amount=4.5, currency="USD")
    )  # fmt: skip
    desk = await opened(config(place, keys=(key,), batch=BatchConfig(concurrent=1)))
    desk.key = "s3cret"
    name = await desk.submit(*[line(str(number)) for number in range(6)])
    done = []
    for _ in range(3):
        await desk.work()
        made = await desk.batch(name)
        done.append((made["request_counts"]["completed"], made["request_counts"]["failed"], made["status"]))
        desk.sim.clock.advance(seconds=62)
    assert done == [(2, 0, "in_progress"), (4, 0, "in_progress"), (4, 2, "completed")]
    _, bad = await desk.answers(name)
    assert {row["error"]["code"] for row in bad.values()} == {"budget.exhausted"} and sent(desk) == 4


async def test_a_revoked_key_s_batch_stops(opened: Opened) -> None:
    admin = msgspec.structs.replace(KEY, id="admin", roles=frozenset({"admin"}))
    desk = await opened(config(BEIJING, keys=(admin,), batch=BatchConfig(concurrent=2)))
    keys = desk.sim.world.accounts.keys
    desk.key = await keys.new(KeyConfig(id="app", sha256="", may_assert_subject=True))
    name = await desk.submit(*[line(str(number)) for number in range(9)])
    await desk.work(turns=2)  # it is read, and two lines are sent
    await keys.revoke("app")
    await desk.work()
    assert (await desk.http.get(f"/v1/batches/{name}", headers=desk.headers())).status_code == 401
    batch = await desk.sim.world.batches.batch(name, "app")
    assert (batch.status, batch.request_counts.completed, batch.request_counts.failed) == ("failed", 2, 7)
    assert batch.errors is not None and batch.errors.data[0].code == "batch.stopped" and sent(desk) == 2


async def test_a_cancelled_batch_keeps_what_was_answered_and_says_of_the_rest_that_it_was_not_sent(opened: Opened) -> None:
    desk = await opened(config(BEIJING, batch=BatchConfig(concurrent=3)))
    name = await desk.submit(*[line(str(number)) for number in range(200)])
    await desk.work(turns=3)
    assert (await desk.http.post(f"/v1/batches/{name}/cancel")).json()["status"] == "cancelling"
    await desk.work()
    made, (good, bad) = await desk.batch(name), await desk.answers(name)
    assert made["status"] == "cancelled" and made["cancelled_at"] and len(good) == sent(desk) and 0 < len(good) < 20
    assert len(good) + len(bad) == 200 and {row["error"]["code"] for row in bad.values()} == {"batch.cancelled"}
    again = await desk.http.post(f"/v1/batches/{name}/cancel")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "batch.ended")


async def test_past_its_time_nothing_is_sent_and_later_nothing_is_left(opened: Opened) -> None:
    desk = await opened(config(BEIJING, batch=BatchConfig(keep_seconds=7200)))
    name = await desk.submit(line("a"), line("b"), completion_window="1h")
    desk.sim.clock.advance(seconds=3601)
    await desk.work()
    made, (_, bad) = await desk.batch(name), await desk.answers(name)
    assert made["status"] == "expired" and {row["error"]["code"] for row in bad.values()} == {"batch.expired"} and not sent(desk)
    assert len((await desk.http.get("/v1/files")).json()["data"]) == 2
    desk.sim.clock.advance(seconds=7200)
    await desk.worker.turn()
    assert (await desk.http.get("/v1/files")).json()["data"] == [] and (await desk.batch(name))["error"]["code"] == "batch.unknown"
    left = desk.sim.world.state.database
    for table in ("files", "file_pieces", "batches", "batch_lines"):
        assert await left.read(lambda table=table: _all(table)) == []  # type: ignore[misc]


def _all(table: str) -> Any:
    from comity.storage.database import Statement

    return (yield Statement(f"SELECT * FROM {table}"))


async def test_a_key_sees_its_own_and_what_a_batch_needs_stays(opened: Opened) -> None:
    other = msgspec.structs.replace(KEY, id="other", sha256=hashlib.sha256(b"other").hexdigest())
    desk = await opened(config(BEIJING, keys=(KEY, other)))
    desk.key = "s3cret"
    name = await desk.submit(line("a"))
    file = (await desk.batch(name))["input_file_id"]
    refused = await desk.http.delete(f"/v1/files/{file}", headers=desk.headers())
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "batch.file_in_use")
    desk.key = "other"
    for path in (f"/v1/files/{file}", f"/v1/files/{file}/content", f"/v1/batches/{name}"):
        assert (await desk.http.get(path, headers=desk.headers())).status_code == 404
    assert (await desk.http.post(f"/v1/batches/{name}/cancel", headers=desk.headers())).status_code == 404
    assert (await desk.http.delete(f"/v1/files/{file}", headers=desk.headers())).status_code == 404
    for path in ("/v1/files", "/v1/batches"):
        assert (await desk.http.get(path, headers=desk.headers())).json()["data"] == []
    desk.key = "s3cret"
    await desk.work()
    assert (await desk.http.delete(f"/v1/files/{file}", headers=desk.headers())).status_code == 200


async def test_a_file_comes_back_as_it_was_and_pages_go_on(desk: Desk) -> None:
    content = b"\n".join(b'{"n": %d, "x": "%s"}' % (number, b"y" * (number % 700)) for number in range(4000)) + b"\n" + b"z" * 200_000
    names = [(await desk.upload(content if number == 1 else b"%d" % number)).json()["id"] for number in range(3)]
    assert (await desk.http.get(f"/v1/files/{names[1]}/content")).content == content
    seen, after = [], ""
    while len(seen) < 9:
        page = (await desk.http.get(f"/v1/files?limit=2&order=asc&after={after}")).json()
        seen += [row["id"] for row in page["data"]]
        after = page["last_id"]
        if not page["has_more"]:
            break
    assert sorted(seen) == sorted(names) and len(seen) == 3


async def test_callers_come_first(desk: Desk) -> None:
    name = await desk.submit(line("a"))
    await desk.work(turns=1)
    desk.app.metrics.in_flight = 400
    await desk.work()
    assert not sent(desk)
    desk.app.metrics.in_flight, desk.app.leaving = 0, True
    await desk.work()
    assert not sent(desk)
    desk.app.leaving = False
    await desk.work()
    assert (await desk.batch(name))["status"] == "completed"


async def test_a_partner_that_fails_fails_the_line_and_a_record_that_cannot_be_written_keeps_it_waiting(opened: Opened) -> None:
    desk = await opened(config(BEIJING, batch=BatchConfig(concurrent=1)))
    partner = desk.sim.partners["qwen-beijing"]
    partner.failures = [ProviderFailure("no", kind="status", retryable=False, upstream_status=400)]
    name = await desk.submit(line("fails"), line("waits"))
    await desk.work(turns=2)
    assert (await desk.batch(name))["request_counts"]["failed"] == 1
    ledger, record = desk.sim.world.ledger, desk.sim.world.ledger.record

    async def full(*_: Any, **__: Any) -> None:
        raise StorageFailure("the disk is full", code="storage.full")

    ledger.record = full  # type: ignore[method-assign]
    await desk.work()
    assert (await desk.batch(name))["status"] == "in_progress" and len(partner.received) == 1
    ledger.record = record  # type: ignore[method-assign]
    desk.sim.clock.advance(seconds=6)
    await desk.work()
    good, bad = await desk.answers(name)
    assert list(good) == ["waits"] and list(bad) == ["fails"]


@pytest.mark.parametrize(
    ("step", "uses"), [(queue.unread, 1), (queue.lines, 1), (queue.begin, 1), (queue.lease, 1), (queue.lease, 2), (queue.lease, 3)]
)
async def test_a_database_that_writes_and_does_not_say_so_loses_nothing_and_doubles_nothing(
    desk: Desk, step: Any, uses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the so-manieth use of one step."""
    name = await desk.submit(*[line(str(number)) for number in range(9)])
    write, script, left = desk.sim.world.state.database.write, step, [uses]

    async def told(asked: Any) -> Any:
        used = False

        def once(*values: Any) -> Any:
            nonlocal used
            used = True
            return script(*values)

        with monkeypatch.context() as patched:
            patched.setattr(queue, step.__name__, once)
            done = await write(_renamed(asked, step, once))
        left[0] -= used
        if used and left[0] == 0:
            raise StorageFailure("the connection was lost", code="storage.unavailable")
        return done

    monkeypatch.setattr(desk.sim.world.state.database, "write", told)
    with pytest.raises(StorageFailure):
        await desk.work()
    desk.sim.clock.advance(seconds=6)
    await desk.work()
    good, bad = await desk.answers(name)
    assert len(good) == 9 and not bad and sent(desk) == 9 and left[0] <= 0


async def test_what_is_under_way_is_not_taken_again_when_a_lease_was_not_heard_of(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = await opened(config(BEIJING, batch=BatchConfig(concurrent=3)))
    partner, free = desk.sim.partners["qwen-beijing"], asyncio.Event()
    send, write = partner.send, desk.sim.world.state.database.write

    async def slow(*asked: Any) -> Any:
        answer = await send(*asked)
        await free.wait()
        return answer

    async def lost(script: Any) -> Any:
        await write(script)
        raise StorageFailure("the connection was lost", code="storage.unavailable")

    monkeypatch.setattr(partner, "send", slow)
    name = await desk.submit(line("a"), line("b"))
    assert [await desk.worker.turn() for _ in range(3)] == [True, True, False] and len(desk.worker.running) == 2
    with monkeypatch.context() as broken, pytest.raises(StorageFailure):
        broken.setattr(desk.sim.world.state.database, "write", lost)
        await desk.worker.turn()
    assert await desk.worker.turn() is False and len(desk.worker.running) == 2
    free.set()
    await asyncio.wait(set(desk.worker.running))
    await desk.work()
    assert (await desk.batch(name))["request_counts"]["completed"] == 2 and sent(desk) == 2


async def test_a_file_that_goes_while_it_is_read_is_cut_off(desk: Desk) -> None:
    content = b"\n".join([b"y" * 60_000] * 60)
    file = (await desk.upload(content)).json()["id"]
    pieces = desk.sim.world.batches.content(file, "local")
    assert len(await anext(pieces)) < len(content)
    await desk.sim.world.batches.delete(file, "local")
    with pytest.raises(StorageFailure, match="deleted while it was read"):
        while True:
            await anext(pieces)


def _renamed(asked: Any, step: Any, once: Any) -> Any:
    """`partial(step, …)` holds the script itself."""
    return partial(once, *asked.args) if getattr(asked, "func", None) is step else asked


async def test_what_was_sealed_with_another_key_does_not_open(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for key in ("ab" * 32, "cd" * 32):
        monkeypatch.setenv("BATCH_KEY", key)
        desk = await opened(config(BEIJING, FRANKFURT, VIRGINIA, batch=BatchConfig(key=SecretRef(env="BATCH_KEY"))))
        made.append(desk)
        if key.startswith("ab"):
            await desk.submit(line("a"))
            half = await desk.submit(line("b"))
            await desk.work(turns=2)
            await desk.worker.aclose(0)
            await desk.sim.aclose()
    for path in ("/v1/files", f"/v1/batches/{half}"):
        answer = await made[1].http.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "batch.key")
    await made[1].work()  # nothing goes out of what cannot be read, and it has an end
    assert not sent(made[1])
    assert await made[1].sim.world.state.database.read(lambda: _all("batch_lines")) == []
