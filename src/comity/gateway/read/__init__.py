# SPDX-License-Identifier: Apache-2.0
"""What the console and operators read of a running gateway: decisions, deployments, packs, the log, reports, metrics, events.

Owns `GET /comity/v1/…` and its description (OpenAPI).  Answers hold facts, ids, codes and commitments, never content: nothing here
has ever seen a request's text.  It writes nothing, and decides nothing.
"""
