# SPDX-License-Identifier: Apache-2.0
"""Partners played from their documentation: one frame, one brain, one file or folder a dialect.

python -m comity.lab.simulators --dialect openai --region cn-beijing --port 0
"""
