# SPDX-License-Identifier: Apache-2.0
"""Google's `generateContent`, of the Gemini API and of Vertex AI."""
