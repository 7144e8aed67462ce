# SPDX-License-Identifier: Apache-2.0
"""Traces and metrics for an OpenTelemetry collector: ids, codes and numbers with the names of its GenAI conventions, never content.

`spans.py` makes them, `otlp.py` writes them, `export.py` sends them; with no collector configured none of it runs.
"""
