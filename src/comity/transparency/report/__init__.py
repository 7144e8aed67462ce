# SPDX-License-Identifier: Apache-2.0
"""Reports: what of one person's went where, why and under which rule, as one file that anybody can check without us.

`gather` makes one from a log, `archive` is its zip, `audit` is the one way to check it; both sides share every rule about its form.
"""
