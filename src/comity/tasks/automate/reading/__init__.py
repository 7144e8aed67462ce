# SPDX-License-Identifier: Apache-2.0
"""From plain words to a rule: patterns of triggers and conditions, what is left to the assistant's reading of actions, and a question where
anything is left over, missing, or against itself."""
