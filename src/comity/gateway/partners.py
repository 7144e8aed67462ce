# SPDX-License-Identifier: Apache-2.0
"""From configured deployments to checked ones, and to the providers that can ask them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from comity.config import Config, DeploymentConfig
from comity.errors import OperatorError
from comity.jurisdictions.vocab import Vocabulary
from comity.ports import Clock, Random, Secrets
from comity.providers.base import Deployment, Provider
