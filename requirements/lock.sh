#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the lock files: exact versions with hashes, for Linux and macOS, Python 3.11 and up; no index, no path.
#   sh requirements/lock.sh .venv/bin/uv [--upgrade]
set -eu
cd "$(dirname "$0")/.."
uv=$1
shift
lock() {
    UV_NO_CONFIG=1 UV_CUSTOM_COMPILE_COMMAND="make lock" "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml "$@"
}
lock --extra embedded --extra names --extra files --extra ocr --extra c2pa --extra postgres --extra valkey --extra objects --extra attestation --extra vectors --extra hearing --extra speaking --extra recommend --extra forecast --extra plots --extra assistant --extra console --extra learning --group dev -o requirements/dev.txt "$@"
# The smaller ones take their versions from the largest, so that all fit into one environment.
lock -c requirements/dev.txt -o requirements/base.txt
lock -c requirements/dev.txt --extra embedded --group build -o requirements/embedded.txt
lock -c requirements/dev.txt --extra postgres --extra valkey --extra objects --extra attestation --group build -o requirements/server.txt
