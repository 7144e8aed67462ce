# SPDX-License-Identifier: Apache-2.0
"""Rules `when … if … then …` in plain words: read by a grammar, shown back, tried on what was, and then run on this machine.

`rule` is the shape, `reading` makes one of words and `telling` makes words of one.  `engine` decides what an event or an hour sets off and
does nothing itself; `simulate` and `scheduler` both drive it, so what was tried is what runs.  `keeping` is the file that outlives a kill.
Nothing here switches a lamp: actions are intents of the assistant, done by whoever fills `Actions`.
"""
