# SPDX-License-Identifier: Apache-2.0
"""The first thing that whoever unpacks a report reads."""

from __future__ import annotations

from comity.transparency.report.page import Front


def readme(front: Front, vkey: str) -> bytes:
    return README.format(receipts=f"{front.receipts:,}", made_at=front.made_at, made_by=front.made_by, vkey=vkey).encode()


README = """\
A privacy report: what went where, why, under which rule, and who could read it.
隐私报告：数据去向、依据、所适用的规则，以及谁能够读取。

Open report.html to read it.  It needs no network and runs nothing.
打开 report.html 即可阅读；无需联网，不运行任何程序。

{receipts} receipts, made at {made_at} by {made_by}.  It holds no word of what was asked or answered.

To check it, with Comity and without a network:

    comity audit report.zip --vkey KEY

KEY is the log's key.  Ask whoever runs the installation for it by a way you trust; this report says that it is

    {vkey}

What is proved: each receipt was in the log before anything was sent, and says what it said then; the laws are the text that it was
decided by; a node that is named is in its public log.  What is the issuer's word: how a request ended, and the register of evidence.
What each file is: docs/reference/receipts.md of Comity.
"""
