# SPDX-License-Identifier: Apache-2.0
"""Makes `.venv` and installs one lock file into it, each package checked against its hash, then Comity itself.

    python3 requirements/install.py embedded|dev

Needs Python and pip only.  Does nothing when `.venv` already holds exactly this: a stamp names the lock, the project file,
the place and the interpreter.  One line a package as it arrives; pip's own errors pass through.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FETCHED = re.compile(
    r"\s*(?:Downloading|Using cached|Processing) (?:\S*/)?(?P<file>[^/\s]+\.(?:whl|tar\.gz|zip))(?: \((?P<size>[\d.]+ [kMG]?B)\))?"
)
PINNED = re.compile(r"^[A-Za-z0-9._-]+==", re.MULTILINE)


def say(text: str) -> None:
    print("comity: " + text, file=sys.stderr, flush=True)


def works(*command: object) -> bool:
    try:
        return subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def make_venv() -> None:
    """Creates `.venv`, or makes it anew when it is broken (its interpreter is gone, the folder was copied half)."""
    if works(PYTHON, "-m", "pip", "--version"):
        return
    say("making .venv")
    if works(sys.executable, "-m", "venv", "--clear", VENV):
        return
    # Debian ships `venv` without `ensurepip`; the machine's own pip can then put one in.
    if not works(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV):
        sys.exit(f"comity: cannot make .venv with `{sys.executable} -m venv`; is there space, and may this folder be written?")
    if not works(sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet", "pip"):
        sys.exit("comity: .venv has no pip; install your system's venv package (on Debian: python3-venv) and try again")


def pip(*arguments: str, expected: int = 0) -> None:
    """Runs pip in `.venv`, telling each file as it is fetched; leaves with pip's own exit code when it fails."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "off", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", errors="replace", cwd=str(ROOT))
    seen = set()
    assert process.stdout is not None
    for line in process.stdout:
        match = FETCHED.match(line)
        if match and expected and match["file"] not in seen and not match["file"].endswith(".metadata"):
            seen.add(match["file"])
            name, version = (match["file"] + "-").split("-")[:2]
            say(f"  {name} {version}" + (f" ({match['size']})" if match["size"] else ""))
        elif line.startswith("Installing collected packages") and expected:
            say("  unpacking")
    code = process.wait()
    if code != 0:
        say(f"pip ended with exit code {code}; its own words are above")
        sys.exit(code)


def main(lock: str) -> int:
    path = ROOT / "requirements" / (lock + ".txt")
    content = path.read_bytes()
    sum_of = hashlib.sha256(b"\0".join([content, (ROOT / "pyproject.toml").read_bytes(), str(ROOT).encode()])).hexdigest()[:16]
    stamp = VENV / f".installed-{lock}-{sum_of}"
    if stamp.exists() and works(PYTHON, "-c", "import comity"):
        return 0
    started = time.monotonic()  # noqa: TID251  (this script is not Comity)
    make_venv()
    count = len(PINNED.findall(content.decode()))
    say(f"installing {count} packages from requirements/{lock}.txt, each checked against its hash")
    pip("--require-hashes", "--no-deps", "-r", str(path), expected=count)
    pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    for old in VENV.glob(f".installed-{lock}-*"):
        old.unlink()
    stamp.touch()
    say(f"installed in {time.monotonic() - started:.0f} s")  # noqa: TID251
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("embedded", "dev"):
        sys.exit("usage: python3 requirements/install.py embedded|dev")
    sys.exit(main(sys.argv[1]))
