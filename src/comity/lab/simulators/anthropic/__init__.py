# SPDX-License-Identifier: Apache-2.0
"""Anthropic's Messages."""

from comity.lab.simulators.anthropic.dialect import Anthropic as Anthropic
