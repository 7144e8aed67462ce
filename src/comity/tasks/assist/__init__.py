# SPDX-License-Identifier: Apache-2.0
"""An assistant that does things: intents declared once, plans made of what the user said, done only once they are confirmed.

A model picks the action; code reads times, numbers, people and things.  Documents, pages and results are never read for what to do.
"""
