# SPDX-License-Identifier: Apache-2.0
"""A gateway inside an application: the same front door, asked without a socket, in the call shape of OpenAI's SDK."""
