# SPDX-License-Identifier: Apache-2.0
"""OpenAI's dialect, and those who speak it: OpenAI itself, Model Studio's compatible mode, vLLM."""
