# SPDX-License-Identifier: Apache-2.0
"""What a gateway is beside a gateway: a node, which opens what was sealed to it; a relay, which passes sealed bytes on."""
