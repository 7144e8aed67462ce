# SPDX-License-Identifier: Apache-2.0
"""What is done with a text, a picture, a sound or a person's own things, as typed functions on any provider.

Owns the tasks and their prompts, `run`: where each is done, `gates`: whether an answer is true to its source, `capability`: what a model
was measured to do, `evaluation`, `locale`, `entities`: what people say for times and numbers, and what asks no model: `recommend`,
`forecast`, `automate`; `assist` plans with one.
Will not know where a request may go, nor keep what a text said.
"""
