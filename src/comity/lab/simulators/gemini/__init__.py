# SPDX-License-Identifier: Apache-2.0
"""Google's Gemini API."""

from comity.lab.simulators.gemini.dialect import Gemini as Gemini
