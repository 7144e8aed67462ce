# SPDX-License-Identifier: Apache-2.0
"""Finding a passage in a person's own documents, by words and by meaning.  They stay on this device.

Owns how texts are cut, the index in its own file, and the one door through which vectors of them are asked for.
Will not ask any place but this device, whatever else is lawful, nor keep what was looked for.
"""
