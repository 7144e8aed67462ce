# SPDX-License-Identifier: Apache-2.0
"""HPKE, Binary HTTP, Oblivious HTTP whole and chunked, keys and their epochs, what a sealed request is bound to, padding.

Owns sealing and opening, and refuses by name what does not open.  Pure: time, randomness and bytes are passed in, nothing is sent.
Will not hold an "unverified" mode, fall back to a weaker suite, or hand on a stream's end that it could not verify.
"""

from __future__ import annotations

from comity.seal.ends import AnswerReader, AnswerWriter, QuestionReader, Terms, ask, once, opened, seal_answer

__all__ = ["AnswerReader", "AnswerWriter", "QuestionReader", "Terms", "ask", "once", "opened", "seal_answer"]
