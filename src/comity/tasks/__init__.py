# SPDX-License-Identifier: Apache-2.0
"""Summarise, rewrite, translate and the rest, as typed functions on any provider.

Owns `entities`: times, numbers, money, phones and measures in English and Chinese words, as values; `recommend`, what a person may
like next, and `forecast`, a series ahead, which ask no model.
Will own prompts per language and the gates on each answer.
Will not know where a request may go, nor keep what a text said.
"""
