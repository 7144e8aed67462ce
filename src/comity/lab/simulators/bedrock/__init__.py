# SPDX-License-Identifier: Apache-2.0
"""Amazon Bedrock's Converse API, from its documentation."""

from comity.lab.simulators.bedrock.dialect import Bedrock

__all__ = ["Bedrock"]
