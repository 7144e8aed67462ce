# SPDX-License-Identifier: Apache-2.0
"""What must never be committed, and lock files that are what the project file asks for."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tidy.tree import ROOT, files, texts

BYTES_MAX = 256 * 1024
LOCKS = ("base", "embedded", "dev")

# Built from pieces, so that this file does not hold what it looks for.
_HOSTS = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "deb." + "debian.org",
    "crates" + ".io",
    "proxy." + "golang.org",
]
_PATHS = ["/" + "root/", "/" + "work/", "/" + "home/[a-z]", "/" + "Users/[A-Za-z]", "/" + "opt/", "[A-Z]:" + r"\\Users"]
REGISTRY = re.compile("|".join(re.escape(host) for host in _HOSTS), re.IGNORECASE)
MACHINE = re.compile(r"(?<![A-Za-z0-9_.:/-])(" + "|".join(_PATHS) + ")")
INDEX = re.compile(r"--(extra-)?" + r"index-url|--find-" + r"links|--trusted-" + "host")


def hits(pattern: re.Pattern[str]) -> list[str]:
    return [f"{name}:{number}" for name, text in texts().items()
            for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]  # fmt: skip


@pytest.mark.parametrize("planted", ["https://" + _HOSTS[0] + "/simple", "FILES." + _HOSTS[1].upper()])
def test_the_search_for_hosts_finds_them(planted: str) -> None:
    assert REGISTRY.search(planted)


@pytest.mark.parametrize(
    ("planted", "found"),
    [("see /" + "root/x", True), ('"/' + 'work/main"', True), ("/" + "home/ana/c", True), ("example.org/" + "work/", False)],
)
def test_the_search_for_paths_finds_them(planted: str, found: bool) -> None:
    assert bool(MACHINE.search(planted)) is found


def test_no_registry_host_is_named() -> None:
    assert hits(REGISTRY) == []


def test_no_path_of_a_machine_is_named() -> None:
    assert hits(MACHINE) == []


def test_no_index_is_named_in_a_lock_or_a_script() -> None:
    assert [hit for hit in hits(INDEX) if not hit.startswith("tests/tidy/")] == []


def test_no_blob_is_larger_than_a_person_can_review() -> None:
    large = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in files() if path.stat().st_size > BYTES_MAX}
    # Laws are kept whole, as they were read: facts name the SHA-256 of the file.  A lock is written by `make lock`, and the words of
    # Chinese names by `tools/names/han`, never by hand.
    whole = ("tests/vectors/law/texts/", "requirements/", "src/comity/privacy/names/han.txt")
    assert {name for name in large if not name.startswith(whole)} == set()


def test_no_build_output_or_secret_is_committed() -> None:
    try:
        committed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git here: what is committed cannot be listed")
    unwanted = re.compile(r"(^|/)(__pycache__|\.venv|node_modules|\.hypothesis)/|\.(pyc|so|gguf|sqlite3?|db|key)$|(^|/)\.env$")
    assert [name for name in committed if unwanted.search(name)] == []


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE)}


def asked_for(lock: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    lines = list(project["project"]["dependencies"])
    if lock != "base":
        lines += project["project"]["optional-dependencies"]["embedded"] + groups["build"]
    if lock == "dev":
        lines += [entry for entry in groups["dev"] if isinstance(entry, str)]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_what_the_project_asks_for(lock: str) -> None:
    pinned = pins(lock)
    for requirement in asked_for(lock):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"requirements/{lock}.txt lacks {requirement.name}: make lock"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement.name} {version}: make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_has_a_hash(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    assert {canonicalize_name(block.partition("==")[0]) for block in blocks} == set(pins(lock))
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_locks_agree() -> None:
    largest = pins("dev")
    for lock in ("base", "embedded"):
        assert pins(lock).items() <= largest.items()
