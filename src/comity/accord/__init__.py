# SPDX-License-Identifier: Apache-2.0
"""Consent records, partner evidence, proposals and quorum, dossiers.

Will own agreements between people. Empty until the accord work lands.
"""
