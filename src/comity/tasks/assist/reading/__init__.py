# SPDX-License-Identifier: Apache-2.0
"""From words to values, by code: times, numbers, people, things, choices and texts.  No model, and nothing that the words do not hold."""
