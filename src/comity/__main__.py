# SPDX-License-Identifier: Apache-2.0
"""`python -m comity` is `comity`."""

from comity.cli.main import run

run()
