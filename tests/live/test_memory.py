# SPDX-License-Identifier: Apache-2.0
"""A gateway's memory over many requests and many streams that are cut, by the caller and by the partner: flat, once it is warm."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from comity.lab.process import call
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import _stream, _whole

CONNECTIONS = 16
WARM = 4_000
LOOKS = 2_000
GROWTH_BYTES_MAX = 8_000_000
"""Whatever the number of requests: caches are full by then, and an allocator keeps what it once had."""
HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    b'comity-subject: id="u-%d", location="CN", residence="CN", age=35, consent=(general)\r\ncontent-length: %d\r\n\r\n'
)


class Cutting(EchoPartner):
    """Ends a stream in its midst, or leaves it open until the other side does."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
                said = json.loads(await reader.readexactly(size))["messages"][-1]["content"]
                if said.startswith("cut"):
                    raw = _stream(said * 9)[:1500]
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
                    writer.write(b"%x\r\n%s\r\n" % (len(raw), raw))
                    await writer.drain()
                    if "caller" in said:
                        await reader.read(1)
                    return
                raw = _whole(said)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(raw), raw))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def request(number: int, text: str, *, stream: bool) -> bytes:
    body = json.dumps({"messages": [{"role": "user", "content": text}], "stream": stream, "model": "qwen-beijing"}).encode()
    return HEAD % (number % 997, len(body)) + body


async def wholes(port: int, numbers: range) -> None:
    """On connections that stay."""
    left = iter(numbers)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in left:
            writer.write(request(number, f"hello {number}, call 138{number % 10**8:08}", stream=False))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            await reader.readexactly(size)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


async def cuts(port: int, numbers: range) -> None:
    """Each on a connection of its own, which the caller leaves once there is something, or which ends in an error."""
    left = iter(numbers)

    async def one() -> None:
        for number in left:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            leaves = number % 2 == 0
            writer.write(request(number, f"cut by the {'caller' if leaves else 'partner'} {number}", stream=True))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            if not leaves:
                assert b'"error"' in await reader.readuntil(b"\r\n0\r\n\r\n")
            writer.close()
            await writer.wait_closed()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


def resident(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def measured(folder: Path, requests: int, streams: int) -> list[int]:
    config = BEIJING + "\n[routing]\nfailures_max = 1000000\nfailure_share_max = 1.0\n"
    with Cutting() as partner, gateway(folder, config.format(base=partner.base)) as process:
        asyncio.run(wholes(process.port, range(WARM)))
        asyncio.run(cuts(process.port, range(WARM // 10)))
        seen = [resident(process.pid)]
        for part in range(4):
            asyncio.run(wholes(process.port, range(WARM + part * requests // 4, WARM + (part + 1) * requests // 4)))
            asyncio.run(cuts(process.port, range(part * streams // 4, (part + 1) * streams // 4)))
            seen.append(resident(process.pid))
        for _ in range(LOOKS):  # the last who left are heard of a moment later
            text = call(process.base, "GET", "/metrics").body.decode()
            if 'comity_attempts_in_flight{deployment="qwen-beijing"} 0' in text:
                break
        else:
            pytest.fail("an attempt that nobody waits for has not ended")
    return seen


def test_memory_is_flat(tmp_path: Path) -> None:
    seen = measured(tmp_path, 5_000, 500)
    assert seen[-1] - seen[0] < GROWTH_BYTES_MAX, seen


@pytest.mark.full
def test_memory_is_flat_for_long(tmp_path: Path) -> None:
    seen = measured(tmp_path, 100_000, 10_000)
    assert seen[-1] - seen[0] < GROWTH_BYTES_MAX, seen
    assert seen[-1] - seen[2] < GROWTH_BYTES_MAX / 2, "and the second half adds less than the first might"
