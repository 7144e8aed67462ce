# SPDX-License-Identifier: Apache-2.0
"""Tasks on one picture: the text in it, and what it shows.

Reading is done on the device; for what a picture shows there is no model for a device here, so it is described elsewhere or not at all.
"""
