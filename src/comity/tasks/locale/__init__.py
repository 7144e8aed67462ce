# SPDX-License-Identifier: Apache-2.0
"""What a place's readers expect: address, names, register, numbers, money, dates, the lunar calendar, units, punctuation, script and words.

Facts are data, one pack a locale; code knows languages (how a number is said), never countries.  Nothing here asks a model.
It depends on no library of locales: CLDR's own would add 33 MB for six locales and know neither address, register, the lunar
calendar, 斤 and 坪, nor which word a place uses.
"""

from comity.tasks.locale.locale import Locale, locale_of

__all__ = ["Locale", "locale_of"]
