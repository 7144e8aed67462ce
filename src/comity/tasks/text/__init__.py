# SPDX-License-Identifier: Apache-2.0
"""Tasks on texts: summarise, rewrite, proofread, translate, extract, answer, keywords and reply, one file each.

Owns prompts per language, and how an answer is read.  Whatever a caller's text says is data: it chooses nothing here.
"""
