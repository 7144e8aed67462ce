# SPDX-License-Identifier: Apache-2.0
"""Tiles by C2SP tlog-tiles: names, contents, a tree gone on with at any size; and tiles that another implementation wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import TrustFailure
from comity.transparency import published
from comity.transparency.merkle import EMPTY_ROOT, Frontier, consistency_holds, inclusion_holds, leaf_hash
from comity.transparency.note import Checkpoint, Signer, checkpoint_text, parse_vkey
from comity.transparency.published import Fetch
from comity.transparency.tiles import ENTRIES, WIDTH, Edge, Tile, bundle_of, entries_of, hashes_of, parse_path, tile_of, widths

TESSERA = Path(__file__).parents[2] / "vectors" / "tlog"
SIGNER = Signer("example.invalid/log", b"s" * 32)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(1, 1234067), "tile/1/x001/x234/067"),
        (Tile(ENTRIES, 1000, 1), "tile/entries/x001/000.p/1"),
        (Tile(63, 999_999, 255), "tile/63/x999/999.p/255"),
    ],
)
def test_a_tile_has_one_name(tile: Tile, path: str) -> None:
    assert tile.path == path and parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/0", "tile/0/0", "tile/0/00", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/x000/000", "tile/0/000/001",
        "tile/0/x001/x234/x067", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/../000", "tile/0/٠٠٠", "/tile/0/000",
        "tile/0/000.p/", "tile/0/000\n", "tile/Entries/000",
    ],
)  # fmt: skip
def test_what_is_no_tile_s_name(path: str) -> None:
    with pytest.raises(ValueError, match="no tile"):
        parse_path(path)


@given(st.integers(0, 63), st.integers(0, 10**12), st.integers(1, WIDTH))
def test_every_name_is_read_as_it_is_written(level: int, number: int, width: int) -> None:
    assert parse_path(Tile(level, number, width).path) == Tile(level, number, width)


def test_the_example_of_70_000_entries() -> None:
    """tlog-tiles, "Partial Tiles"."""
    assert list(widths(70_000)) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(widths(256)) == [Tile(1, 0, 1)]


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_a_bundle_is_read_as_it_is_written(entries: list[bytes]) -> None:
    raw = bundle_of(entries)
    assert entries_of(raw, len(entries)) == entries
    for cut in range(1, len(raw)):
        with pytest.raises(ValueError, match=r"cut short|holds"):
            entries_of(raw[:-cut], len(entries))


@given(st.binary(max_size=200), st.integers(1, WIDTH))
def test_garbage_is_no_bundle_and_no_tile(raw: bytes, width: int) -> None:
    for read in (entries_of, hashes_of):
        try:
            found = read(raw, width)
        except ValueError:
            continue
        assert len(found) == width


def entry(n: int) -> bytes:
    return b"entry %d" % n


def grown(size: int, step: int) -> dict[str, bytes]:
    """A log's files, written ``step`` entries at a time, each time taken up anew from the files alone."""
    files: dict[str, bytes] = {}
    edge = Edge()
    for begin in range(0, size, step):
        levels: dict[int, list[bytes]] = {tile.level: hashes_of(files[tile.path], tile.width) for tile in widths(begin)}
        edge = Edge(begin, [levels.get(level, []) for level in range(-(-begin.bit_length() // 8))])
        some = [entry(n) for n in range(begin, min(begin + step, size))]
        files.update({tile.path: raw for tile, raw in [*edge.append(some), *edge.unfinished()]})
    for begin in range(0, size, WIDTH):
        bundle = tile_of(ENTRIES, begin, size)
        files[bundle.path] = bundle_of([entry(n) for n in range(begin, begin + bundle.width)])
    files["checkpoint"] = SIGNER.note(checkpoint_text(Checkpoint(SIGNER.verifier.name, size, edge.root()))).encode()
    return files


def fetch(files: Mapping[str, bytes]) -> Fetch:
    async def fetched(path: str) -> bytes | None:
        return files.get(path)

    return fetched


def roots(size: int) -> list[bytes]:
    tree, found = Frontier(), [EMPTY_ROOT]
    for n in range(size):
        tree.append(leaf_hash(entry(n)))
        found.append(tree.root())
    return found


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 700, 65_536 + 300])
async def test_a_log_is_read_back_whole_and_proofs_come_from_its_tiles(size: int) -> None:
    files = grown(size, 100 if size < 1000 else 7000)
    done = [count async for count, *_ in published.whole(fetch(files), SIGNER.verifier)]
    assert done[-1] == size
    known = roots(size)
    for index in {0, size // 2, size - 1}:
        path = await published.inclusion(index, size, fetch(files))
        assert inclusion_holds(index, size, leaf_hash(entry(index)), path, known[size])
    for old in {1, size // 3 + 1, size}:
        assert consistency_holds(old, size, known[old], known[size], await published.consistency(old, size, fetch(files)))


def test_an_edge_has_the_root_of_every_size() -> None:
    edge, known = Edge(), roots(600)
    for n in range(600):
        assert edge.root() == known[n]
        list(edge.append([entry(n)]))
    with pytest.raises(ValueError, match="last tiles"):
        Edge(3, [[b"x" * 32]])


@pytest.mark.parametrize("size", [3, 300])
async def test_any_change_to_a_file_is_found_by_the_name_of_a_step(size: int) -> None:
    files = grown(size, size)
    for path in files:
        for changed in (None, b"", files[path][:-1], files[path] + b"x", files[path][:-1] + bytes([files[path][-1] ^ 1])):
            spoilt = {**files, path: changed} if changed is not None else {name: raw for name, raw in files.items() if name != path}
            with pytest.raises(TrustFailure) as raised:
                async for _ in published.whole(fetch(spoilt), SIGNER.verifier):
                    pass
            kind = "checkpoint" if path == "checkpoint" else "entries" if "entries" in path else "tile"
            assert raised.value.step in {kind, "entries" if kind == "tile" else kind}, (path, changed)


async def test_a_log_whose_every_tile_was_made_anew_is_not_the_one_that_was_signed() -> None:
    files, other = grown(300, 300), grown(299, 299)
    note = SIGNER.note(checkpoint_text(Checkpoint(SIGNER.verifier.name, 300, roots(299)[-1])))
    with pytest.raises(TrustFailure) as raised:
        async for _ in published.whole(fetch({**files, "checkpoint": note.encode()}), SIGNER.verifier):
            pass
    assert raised.value.step == "root"
    with pytest.raises(TrustFailure):
        async for _ in published.whole(fetch({**other, "checkpoint": files["checkpoint"]}), SIGNER.verifier):
            pass


async def test_a_full_tile_stands_for_the_partial_one_that_it_replaced() -> None:
    small, large = grown(200, 200), grown(256, 256)
    kept = {path: raw for path, raw in large.items() if ".p/" not in path} | {"checkpoint": small["checkpoint"]}
    assert [done async for done, *_ in published.whole(fetch(kept), SIGNER.verifier)][-1] == 200


# -- tiles of another implementation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(8))
async def test_tessera_s_log_at_every_size(size: int) -> None:
    key = parse_vkey((TESSERA / "tessera-log.vkey").read_text(encoding="utf-8").strip())

    async def file(path: str) -> bytes | None:
        there = TESSERA / (f"checkpoint.{size}" if path == "checkpoint" else f"tessera-log/{path}")
        return there.read_bytes() if there.is_file() else None

    assert [done async for done, *_ in published.whole(file, key)][-1] == size
    shown = await published.head(file, key)
    assert shown is not None
    for index in range(size):
        leaf = leaf_hash(entries_of((TESSERA / f"tessera-log/tile/entries/000.p/{size}").read_bytes(), size)[index])
        assert inclusion_holds(index, size, leaf, await published.inclusion(index, size, file), shown.checkpoint.root)
