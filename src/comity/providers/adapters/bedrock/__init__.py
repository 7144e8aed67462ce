# SPDX-License-Identifier: Apache-2.0
"""Amazon Bedrock's Converse API: signed requests, answers whole or in Amazon's own frames."""
