# SPDX-License-Identifier: Apache-2.0
"""How a Chinese character is read, for telling whether a name in Latin letters is the same name.

GB 2312 (1980) orders the 3,755 characters of its first level by their reading, so the first character of each syllable says all of
them.  Of any other character nothing is known.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache, lru_cache

_FIRST = """
a啊 ai埃 an鞍 ang肮 ao凹 ba芭 bai白 ban斑 bang邦 bao苞 bei杯 ben奔 beng崩 bi逼 bian鞭 biao标 bie鳖 bin彬 bing兵 bo玻 bu哺
ca擦 cai猜 can餐 cang苍 cao操 ce厕 ceng层 cha插 chai拆 chan搀 chang昌 chao超 che车 chen郴 cheng撑 chi吃 chong充 chou抽
chu初 chuai揣 chuan川 chuang疮 chui吹 chun春 chuo戳 ci疵 cong聪 cou凑 cu粗 cuan蹿 cui摧 cun村 cuo磋 da搭 dai呆 dan耽
dang当 dao刀 de德 deng蹬 di堤 dian颠 diao碉 die跌 ding丁 diu丢 dong东 dou兜 du都 duan端 dui堆 dun墩 duo掇 e蛾 en恩 er而
fa发 fan藩 fang坊 fei菲 fen芬 feng丰 fo佛 fou否 fu夫 ga噶 gai该 gan干 gang冈 gao篙 ge哥 gei给 gen根 geng耕 gong工 gou钩
gu辜 gua刮 guai乖 guan棺 guang光 gui瑰 gun辊 guo锅 ha哈 hai骸 han酣 hang夯 hao壕 he呵 hei嘿 hen痕 heng哼 hong轰 hou喉
hu呼 hua花 huai槐 huan欢 huang荒 hui灰 hun荤 huo豁 ji击 jia嘉 jian歼 jiang僵 jiao蕉 jie揭 jin巾 jing荆 jiong炯 jiu揪
ju鞠 juan捐 jue撅 jun均 ka喀 kai开 kan刊 kang康 kao考 ke坷 ken肯 keng坑 kong空 kou抠 ku枯 kua夸 kuai块 kuan宽 kuang匡
kui亏 kun坤 kuo括 la垃 lai莱 lan蓝 lang琅 lao捞 le勒 lei雷 leng棱 li厘 lia俩 lian联 liang粮 liao撩 lie列 lin琳 ling玲
liu溜 long龙 lou楼 lu芦 lv驴 luan峦 lue掠 lun抡 luo萝 ma妈 mai埋 man瞒 mang芒 mao猫 me么 mei玫 men门 meng萌 mi眯 mian棉
miao苗 mie蔑 min民 ming明 miu谬 mo摸 mou谋 mu拇 na拿 nai氖 nan南 nang囊 nao挠 ne呢 nei馁 nen嫩 neng能 ni妮 nian蔫
niang娘 niao鸟 nie捏 nin您 ning柠 niu牛 nong脓 nu奴 nv女 nuan暖 nue虐 nuo挪 o哦 ou欧 pa啪 pai拍 pan攀 pang乓 pao抛 pei呸
pen喷 peng砰 pi坯 pian篇 piao飘 pie撇 pin拼 ping乒 po坡 pu扑 qi期 qia掐 qian牵 qiang枪 qiao橇 qie切 qin钦 qing青
qiong琼 qiu秋 qu趋 quan圈 que缺 qun裙 ran然 rang瓤 rao饶 re惹 ren壬 reng扔 ri日 rong戎 rou揉 ru茹 ruan软 rui蕊 run闰
ruo若 sa撒 sai腮 san三 sang桑 sao搔 se瑟 sen森 seng僧 sha莎 shai筛 shan珊 shang墒 shao梢 she奢 shen砷 sheng声 shi师
shou收 shu蔬 shua刷 shuai摔 shuan栓 shuang霜 shui谁 shun吮 shuo说 si斯 song松 sou搜 su嗽 suan酸 sui虽 sun孙 suo蓑 ta塌
tai胎 tan坍 tang汤 tao掏 te特 teng藤 ti梯 tian天 tiao挑 tie贴 ting厅 tong通 tou偷 tu凸 tuan湍 tui推 tun吞 tuo拖 wa挖
wai歪 wan豌 wang汪 wei威 wen瘟 weng嗡 wo挝 wu巫 xi昔 xia瞎 xian掀 xiang相 xiao萧 xie楔 xin薪 xing星 xiong兄 xiu休 xu墟
xuan轩 xue靴 xun勋 ya压 yan焉 yang殃 yao邀 ye椰 yi一 yin茵 ying英 yo哟 yong拥 you幽 yu淤 yuan鸳 yue曰 yun耘 za匝 zai栽
zan咱 zang赃 zao遭 ze责 zei贼 zen怎 zeng增 zha扎 zhai摘 zhan瞻 zhang樟 zhao招 zhe遮 zhen珍 zheng蒸 zhi芝 zhong中
zhou舟 zhu珠 zhua抓 zhuai拽 zhuan专 zhuang桩 zhui椎 zhun谆 zhuo捉 zi兹 zong鬃 zou邹 zu租 zuan钻 zui嘴 zun尊 zuo昨
"""
_OTHER = """
重chong 长chang 单shan 曾zeng 解xie 仇qiu 区ou 乐yue 厦xia 都du 行xing 朝chao 大da 沈shen 覃qin 彤tong 琪qi 晖hui 翟zhai 俞yu
调tiao 还huan 得dei 着zhao/zhuo 了liao 地di 的di 传zhuan 觉jiao 角jue 降xiang 校jiao 系ji 血xie 会kuai 给ji 没mo 便pian 差chai/ci
参shen/cen 藏zang 称chen 盛cheng 弹dan 提di 度duo 和huo/hu 强jiang 似shi 宿xiu 扎za 只zhi 石dan 弄long 落la/lao 率lv/shuai 模mu
陆liu 露lou 薄bao/bo 剥bao/bo 壳qiao 嚼jue 色shai 熟shou 说shui 尾yi 遗wei 殷yan 咽ye 钥yao 载zai 择zhai 粘nian 涨zhang 折she
殖shi 属zhu 粥zhou 候hou 侯hou 她ta 它ta 豆dou 橘ju 哪na 蹲dun 趴pa 膀pang 咖ka 啡fei 嘛ma 吗ma 呢ne
"""
"""Read otherwise too, or in names, or of the second level and common."""


@cache
def _starts() -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    pairs = [(each[-1].encode("gb2312"), each[:-1]) for each in _FIRST.split()]
    return tuple(code for code, _ in pairs), tuple(syllable for _, syllable in pairs)


@cache
def _others() -> dict[str, str]:
    return {each[0]: each[1:] for each in _OTHER.split()}


_LEVEL_ENDS = b"\xd7\xf9"


@lru_cache(8192)
def readings(character: str) -> frozenset[str]:
    """Without tones; none where it is not known."""
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        code = b""
    found = set(_others().get(character, "").split("/")) - {""}
    codes, syllables = _starts()
    if len(code) == 2 and codes[0] <= code <= _LEVEL_ENDS:
        found.add(syllables[bisect_right(codes, code) - 1])
    return frozenset(found)


@cache
def syllables() -> frozenset[str]:
    return frozenset(_starts()[1]) | {"lu", "nu", "lve", "nve"}


@lru_cache(4096)
def split(word: str) -> tuple[tuple[str, ...], ...]:
    """The ways to read ``word`` (lower case) as one to four syllables: `xian` is two of them."""
    if not word.isascii() or not word.isalpha() or len(word) > 24:
        return ()
    found: list[tuple[str, ...]] = []

    def further(rest: str, taken: tuple[str, ...]) -> None:
        if not rest:
            found.append(taken)
        elif len(taken) < 4:
            for size in range(1, min(6, len(rest)) + 1):
                if rest[:size] in syllables():
                    further(rest[size:], (*taken, rest[:size]))

    further(word, ())
    return tuple(found)


def said(word: str, text: str) -> bool:
    """Whether some characters that stand together in ``text`` are read as ``word``; one that is not known may be anything."""
    for wanted in split(word.lower()):
        for at in range(len(text) - len(wanted) + 1):
            piece = text[at : at + len(wanted)]
            known = [(readings(each), syllable) for each, syllable in zip(piece, wanted, strict=True) if "\u4e00" <= each <= "\u9fff"]
            if (
                len(known) == len(wanted)
                and all(not reads or syllable in reads for reads, syllable in known)
                and any(reads for reads, _ in known)
            ):
                return True
    return False
