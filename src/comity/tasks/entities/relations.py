# SPDX-License-Identifier: Apache-2.0
"""What people are to somebody, and what one calls home and work, in both languages."""

from __future__ import annotations

from comity.tasks.entities.lexer import listed

# group: English words, apart by commas | Chinese words.  A group with a dot is a kind of the one before the dot.
_TABLE = """
mother: mother, mum, mom, mummy, mommy, mama | 妈妈 妈 母亲 老妈 娘
father: father, dad, daddy, papa, pa | 爸爸 爸 父亲 老爸 爹
wife: wife, missus | 老婆 妻子 太太 媳妇 爱人
husband: husband, hubby | 老公 丈夫 先生 爱人
partner: partner, fiance, fiancee, spouse | 伴侣 对象 未婚夫 未婚妻
girlfriend: girlfriend | 女朋友 女友
boyfriend: boyfriend | 男朋友 男友
son: son | 儿子
daughter: daughter | 女儿 闺女
brother: brother | 兄弟
brother.older: older brother, elder brother, big brother | 哥哥 哥 大哥
brother.younger: younger brother, little brother | 弟弟 弟
sister: sister, sis | 姐妹
sister.older: older sister, elder sister, big sister | 姐姐 姐 大姐
sister.younger: younger sister, little sister | 妹妹 妹
grandmother: grandmother, grandma, granny, nana
grandmother.father: | 奶奶 祖母
grandmother.mother: | 姥姥 外婆 外祖母
grandfather: grandfather, grandpa, granddad
grandfather.father: | 爷爷 祖父
grandfather.mother: | 姥爷 外公 外祖父
uncle: uncle
uncle.father: | 叔叔 伯伯 伯父 叔 姑父
uncle.mother: | 舅舅 舅 姨父
aunt: aunt, auntie, aunty
aunt.father: | 姑姑 姑妈 伯母 婶婶
aunt.mother: | 阿姨 姨妈 姨 舅妈
cousin: cousin | 表哥 表姐 表弟 表妹 堂哥 堂姐 堂弟 堂妹
mother-in-law: mother in law, mother-in-law | 婆婆 岳母 丈母娘
father-in-law: father in law, father-in-law | 公公 岳父 老丈人
boss: boss, manager, supervisor | 老板 上司 领导 经理
assistant: assistant, secretary | 助理 秘书
colleague: colleague, coworker, co-worker | 同事
roommate: roommate, flatmate, housemate | 室友 舍友
neighbour: neighbour, neighbor | 邻居
landlord: landlord, landlady | 房东
teacher: teacher | 老师
doctor: doctor, gp | 医生 大夫
dentist: dentist | 牙医
lawyer: lawyer, solicitor | 律师
accountant: accountant | 会计
coach: coach, trainer | 教练
friend: friend, best friend | 朋友 闺蜜
"""


def _read() -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """Words to the groups that they may mean, one's own first."""
    words: dict[str, list[str]] = {}
    groups: list[str] = []
    for line in _TABLE.strip().splitlines():
        group, _, said = line.partition(":")
        groups.append(group)
        english, _, chinese = said.partition("|")
        for word in (*(one.strip() for one in english.split(",")), *chinese.split()):
            if word:
                words.setdefault(word, []).append(group)
    bare = {word for word, own in words.items() if own[0] in ("mother", "father") or own[0].startswith("grand")} | {
        word for word in words if len(word) == 2 and word[0] == word[1] and not word.isascii()
    }
    return {word: tuple(own) for word, own in words.items()}, frozenset(bare - {"妈", "爸", "娘", "爹", "pa"})


_OWN, BARE = _read()


def _related(groups: tuple[str, ...]) -> tuple[str, ...]:
    """`sister` may be an older one; `姐姐` may be who is kept as `sister`."""
    wider = tuple(group.partition(".")[0] for group in groups if "." in group)
    narrower = tuple(dict.fromkeys(other for own in _OWN.values() for other in own if other.partition(".")[0] in groups and "." in other))
    return tuple(dict.fromkeys((*groups, *narrower, *wider)))


RELATIONS = {word: _related(groups) for word, groups in _OWN.items()}
HOME = ("home", "my house", "my place", "my flat", "my apartment", "家里", "我家", "家")
OFFICE = ("the office", "my office", "office", "work", "公司", "单位", "办公室")
TITLES = tuple(
    listed(
        "总 先生 女士 小姐 太太 老师 教授 医生 大夫 律师 经理 主任 总监 老板 师傅 工 哥 姐 叔 姨 阿姨 "
        "叔叔 教练 会计 秘书 同学 校长 局长 处长"
    )
)


def group_of(relation: str) -> tuple[tuple[str, bool], ...]:
    """The groups that a contact's relation puts them in."""
    return tuple((group, True) for group in _OWN.get(relation.strip().lower(), ()))
