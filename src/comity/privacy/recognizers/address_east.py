# SPDX-License-Identifier: Apache-2.0
"""Postal addresses of China, Hong Kong, Macau and Taiwan, of Japan and of Korea: from the large to the small, often without a space.

Each is found from a number with its noun (`12号`, `3栋`, `501室`), then followed to both sides: left to the largest place
named (or to the word that announces an address), right to the last number.
"""

from __future__ import annotations

import re

from comity.privacy.recognizers.base import HINTED, LIKELY, Check, Hit, Recognizer, table

# GB/T 2260: provinces, and prefectures without their suffix.  They tell where an address begins when words run into it.
_PROVINCES = (
    "北京|天津|上海|重庆|重慶|河北|山西|辽宁|遼寧|吉林|黑龙江|黑龍江|江苏|江蘇|浙江|安徽|福建|江西|山东|山東|河南|湖北"
    "|湖南|广东|廣東|海南|四川|贵州|貴州"
    "|云南|雲南|陕西|陝西|甘肃|甘肅|青海|台湾|台灣|臺灣|内蒙古|內蒙古|广西|廣西|西藏|宁夏|寧夏|新疆|香港|澳门|澳門|九龍|九龙|新界"
)
_CITIES = table(
    "石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 "
    "吕梁 呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 兴安 锡林郭勒 阿拉善 沈阳 大连 鞍山 抚顺 "
    "本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 朝阳 葫芦岛 长春 四平 辽源 通化 白山 松原 白城 延边 哈尔滨 齐齐哈尔 鸡西 "
    "鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化 大兴安岭 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 "
    "扬州 镇江 泰州 宿迁 昆山 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 义乌 合肥 芜湖 蚌埠 淮南 马鞍山 "
    "淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 宣城 福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德 南昌 景德镇 "
    "萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶 济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 "
    "聊城 滨州 菏泽 郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口 驻马店 济源 "
    "武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施 仙桃 潜江 天门 长沙 株洲 湘潭 衡阳 邵阳 岳阳 "
    "常德 张家界 益阳 郴州 永州 怀化 娄底 湘西 广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 "
    "阳江 清远 东莞 中山 潮州 揭阳 云浮 南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左 海口 "
    "三亚 三沙 儋州 成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中 资阳 阿坝 "
    "甘孜 凉山 贵阳 六盘水 遵义 安顺 毕节 铜仁 黔西南 黔东南 黔南 昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 楚雄 红河 "
    "文山 西双版纳 大理 德宏 怒江 迪庆 拉萨 日喀则 昌都 林芝 山南 那曲 阿里 西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 "
    "安康 商洛 兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南 临夏 甘南 西宁 海东 海北 黄南 果洛 玉树 "
    "海西 银川 石嘴山 吴忠 固原 中卫 乌鲁木齐 克拉玛依 吐鲁番 哈密 昌吉 博尔塔拉 巴音郭楞 阿克苏 克孜勒苏 喀什 和田 "
    "伊犁 塔城 阿勒泰 石河子 台北 臺北 新北 桃园 桃園 台中 臺中 台南 臺南 高雄 基隆 新竹 嘉义 嘉義"
)
_PLACE = re.compile(
    f"(?:{_PROVINCES})(?:省|市|自治区|自治區|特别行政区|特別行政區|壮族自治区|回族自治区|维吾尔自治区"
    rf"|(?=[\u4e00-\u9fff]))|(?:{'|'.join(_CITIES)})(?:市|县|縣|州|地区|盟|(?=[\u4e00-\u9fff]{{1,4}}[区區县縣路街]))"
)

_HAN = "\u4e00-\u9fff"
_N = r"(?:[0-9]{1,5}|[零〇一二三四五六七八九十百甲乙丙丁]{1,5})"
_NOUNS = "号院|號院|号楼|號樓|号|號|弄|栋|棟|幢|座|楼|樓|单元|單元|室|层|層|组|組|巷|房|户|戶|門|门|梯|段|期|邨|舍|村民组"
# The number from which an address is found, with what joins it: `12号`, `之2`, `3-2-501`, `A座`.
_NUMBER = re.compile(
    r"[ 0-9零〇一二三四五六七八九十百]"  # leads, for `re` finds it fast
    rf"(?:(?<=[0-9])[0-9]{{0,4}}(?:[\-之][0-9]{{1,4}}){{0,3}}[A-Za-z]?[ ]?(?:{_NOUNS})"
    rf"|(?<=[{_HAN}][ 0-9])(?:(?<=[0-9])[0-9]{{0,3}}|(?<=[ ])[0-9]{{1,4}})(?:[\-/][0-9]{{1,5}}){{1,3}}(?![\-/.:0-9A-Za-z年月])"
    rf"|(?<=[^ 0-9])[零〇一二三四五六七八九十百]{{0,4}}(?:号院|號院|号楼|號樓|号|號|弄|栋|棟|幢|单元|單元|组|組))"
)
_REST = re.compile(  # to the right of it
    f"(?:[ ,，]?[ ]?(?:[{_HAN}·]{{0,12}}?(?:小区|社区|花园|花園|公寓|大厦|大廈|大樓|大楼|广场|廣場|家园|新村|苑|园|園|城"
    "|府|庭|院|里|湾|灣|居|庄|楼|樓|邨|阁|閣|轩|軒|中心|宿舍|家属院|國際|国际|工业园|产业园|科技园)[ ]?)?"
    r"(?:[0-9]{1,5}(?:[\-之][0-9]{1,5}){0,3}[A-Za-z]?|[A-Za-z][0-9]{0,4}|[零〇一二三四五六七八九十百]{1,5}"
    f"|[东西南北東][零一二三四五六七八九十0-9]{{0,3}}|地下|负[一二1-3])[ ]?(?:{_NOUNS}|区"
    "|區)(?:之[0-9一二三四五六七八九十]{1,3})?"
    r"|[ ]?[0-9]{1,3}[Ff](?![A-Za-z0-9])"
    rf"|[ ]?[{_HAN}]{{2,8}}?[ ]?[0-9]{{1,4}}(?:-[0-9]{{1,5}}){{1,3}}(?![\-/.:0-9])"
    "|(?:(?<=[号號栋棟幢座楼樓元弄巷组村舍])[ ]?"
    r"|(?<=[号號栋棟幢座楼樓元弄巷组村舍]-))[0-9]{1,4}[A-Za-z]?(?:[\-之][0-9]{1,4}){0,2}(?![0-9\-/.:：年月日时点分元块万"
    "%％件个人名岁天次公里米])|(?<=[楼樓层層])[ ]?[A-Za-z](?![A-Za-z0-9]))"
)
_NAMED = re.compile(  # the name of an estate after the house number, with no number of its own
    f"[ ]?[{_HAN}]{{1,9}}?(?:小区|社区|花园|公寓|大厦|家园|新村|家属院|宿舍|大廈|花園|大樓|国际中心|(?:苑|园|城"
    f"|府)(?![{_HAN}]))(?:[ ]?[0-9]{{1,3}}[Ff](?![A-Za-z0-9]))?"
)
_LEFT_MAX = 60
_RUN = re.compile(rf"(?:[{_HAN}0-9A-Za-z·（）()\-#]|(?<=[{_HAN}0-9])[ ,，、](?=[{_HAN}0-9]))+[ ]?$")
# Words that an address follows; what stands before them is the sentence.
_ANNOUNCED = re.compile(
    "(?:地址|住址|地点|位址|住所|居所|住处|户籍|籍贯|户口|现居|现住|居住|常住|家住|租住|住在|住|位于|位於|坐落于|坐落"
    "|座落|寄到|寄往|寄至|寄给|送到|送至|送往|发往|发到|发货到|邮寄|收货|迁至|搬到|搬至|搬去|来自"
    r"|前往|去到|赶往|抵达|在|到|于|是|为|為|址|的|了|去|往|至|从|自)(?:[:：是为為在于於]|[ ])?"
)
_SPLIT = re.compile(r"[ ,，、]")
_ADMIN = re.compile(rf"[{_HAN}]{{1,7}}?(?:省|市|区|區|县|縣|旗|镇|鎮|乡|鄉|街道|州|盟|开发区|新区)")
_ROAD = re.compile(rf"[{_HAN}]{{1,8}}?(?:路|街|大道|大街|巷|弄|胡同|道|里|段|村|屯|庄|寨|组|社|坊)")
_ESTATE = re.compile(rf"[{_HAN}]{{2,9}}(?:小区|社区|花园|花園|公寓|大厦|大廈|家园|新村|苑|园|城|府|庭|院|湾|里|邨|广场|中心|宿舍|大樓)")
_HOME = re.compile("[室号號栋棟幢弄组組]|单元|單元|[0-9]-[0-9]")
_NO_LEAD = re.compile(
    r"^(?:第|地铁|高铁|航班|列车|公交|今天|明天|每|共|约|我们?|他们?|她|请|客户|用户|被告|原告|收件人|寄件人|借款人|出借人|联系人)+"
)


def _begin(run: str) -> int | None:
    """Where in ``run``, the unbroken text before a number, the address begins; None: this is no address."""
    places = list(_PLACE.finditer(run))
    for place in places:
        if not _broken(run[place.end() :]):
            return place.start()
    cut = 0
    for said in _ANNOUNCED.finditer(run):
        rest = run[said.end() :]
        if (_ADMIN.match(rest) or _ROAD.match(rest) or _ESTATE.match(rest)) and not _ROAD.match(
            run[max(0, said.start() - 1) :][: said.end() - said.start() + 2]
        ):
            cut = said.end()
    parts = run[cut:]
    at = cut
    # `张三 朝阳区建国路`: a part without any suffix of a place is not of the address.
    while (gap := _SPLIT.search(parts)) is not None and not (
        _ADMIN.match(parts[: gap.start()]) or _ROAD.match(parts[: gap.start()]) or _ESTATE.match(parts[: gap.start()])
    ):
        at += gap.end()
        parts = parts[gap.end() :]
    if lead := _NO_LEAD.match(parts):
        at += lead.end()
        parts = parts[lead.end() :]
    first = _ADMIN.match(parts)
    if first is not None:
        return at + max(0, _short(first[0], 3))
    first = _ROAD.match(parts)
    if first is not None:
        return at + max(0, _short(first[0], 6))
    return at if _ESTATE.match(parts) else None


def _short(said: str, size: int) -> int:
    """Counties are two or three characters before their suffix: in a longer run the last of them are."""
    return len(said) - 1 - size if len(said) > size + 2 else 0


_BREAKS = re.compile(r"[的了是住在去来说]|[。；;：:！？!?]|^[^(（]*[)）]")
_IN_NAMES = re.compile("常住|来宾|去疾")


def _broken(rest: str) -> bool:
    return _BREAKS.search(rest) is not None


def _address(text: str, found: re.Match[str]) -> Hit | None:
    low = max(0, found.start() - _LEFT_MAX)
    run = _RUN.search(text, low, found.start())
    if run is None:
        return None
    begin = _begin(run[0])
    if begin is None:
        return None
    start, end = run.start() + begin, found.end()
    for _ in range(6):
        more = _REST.match(text, end)
        if more is None:
            break
        end = more.end()
    if more := _NAMED.match(text, end):
        end = more.end()
    said = text[start:end]
    named = text[start : found.start()]
    large = _PLACE.match(named) is not None or _ADMIN.match(named) is not None
    if not _HOME.search(text[found.start() : end]) and not large:
        return None
    if not large and not _ROAD.search(named) and not _home_enough(said):
        return None
    return Hit(start, end, LIKELY if large else HINTED)


def _home_enough(said: str) -> bool:
    """An estate alone (`阳光花园`): then a building and a door."""
    return (
        _ESTATE.search(said) is not None
        and re.search(rf"[栋棟幢座楼樓].{{0,8}}[0-9]|[0-9]-[0-9]+-?[0-9]*|{_N}(?:室|单元)", said) is not None
    )


# Province, city, district and a road or village, without a number.
_CHAIN = re.compile(
    f"(?:{_PROVINCES})(?:省|自治区|壮族自治区|回族自治区|维吾尔自治区)[ ]?[{_HAN}]{{2,7}}?(?:市|州|盟"
    f"|地区)[ ]?[{_HAN}]{{1,6}}?(?:区|县|市|旗)[ ]?(?:[{_HAN}]{{1,7}}?(?:镇|乡|街道)[ ]?)?[{_HAN}]{{1,8}}?(?:村|路|大街"
    "|街|大道|巷|社区|小区|镇|乡)"
)


# `地址：…` without a number the rules know, as long as it names a place.
_FIELD = re.compile(
    r"(?:地址|住址|住所|居住地|户籍所在地|收货地|寄往|地 址|住 址|所在地|籍贯|出生地|位址)[\"'”]?[ ]?(?:[:：=]|是|为|為"
    rf"|在)[ ]?[\"'“]?(?P<value>[{_HAN}0-9A-Za-z \-·（）()#号]{{4,60}})"
)
_PLACED = re.compile(rf"[{_HAN}](?:省|市|区|區|县|縣|镇|鎮|乡|鄉|村|路|街|道|巷|弄|号|號|苑|小区|大厦)")


def _field(_: str, found: re.Match[str]) -> Hit | None:
    value = found["value"].rstrip()
    if not _PLACED.search(value):
        return None
    if stop := re.search(r"\s(?:\+?[0-9]{7,}|1[3-9][0-9]|电话|手机|邮编|联系)", value):
        value = value[: stop.start()]
    return Hit(found.start("value"), found.start("value") + len(value.rstrip()), HINTED)


_KEN = (
    "東京都|北海道|京都府|大阪府|青森県|岩手県|宮城県|秋田県|山形県|福島県|茨城県|栃木県|群馬県|埼玉県|千葉県|神奈川県"
    "|新潟県|富山県|石川県|福井県|山梨県|長野県|岐阜県|静岡県|愛知県|三重県|滋賀県"
    "|兵庫県|奈良県|和歌山県|鳥取県|島根県|岡山県|広島県|山口県|徳島県|香川県|愛媛県|高知県|福岡県|佐賀県|長崎県|熊本県"
    "|大分県|宮崎県|鹿児島県|沖縄県"
)
_KANA = "\u3040-\u30ff\u4e00-\u9fff々ヶー"
_JP = re.compile(
    f"(?:〒[ ]?[0-9]{{3}}-?[0-9]{{4}}[ ]?)?(?:{_KEN})[{_KANA}]{{1,16}}[ ]?[0-9]{{1,4}}(?:(?:-|丁目|番地?|の"
    f"|号)[ ]?[0-9]{{0,4}}){{0,4}}(?:[ ]?[{_KANA}A-Za-z]{{2,20}}[ ]?[0-9]{{1,4}}(?:号室|階|F|号)?)?"
)
_JP_POST = re.compile(r"〒[ ]?[0-9]{3}-?[0-9]{4}(?![0-9])")
_SIDO = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충청|충북|충남|전라|전북|전남|경상|경북|경남|제주"
_KR = re.compile(
    f"(?:{_SIDO})[가-힣]{{0,6}}[ ](?:[가-힣]{{1,6}}(?:시|군|구)[ ]){{1,2}}(?:[가-힣0-9]{{1,6}}(?:읍|면"
    "|동)[ ])?[가-힣0-9]{1,10}(?:로|길|동|리|가)(?:[ ]?[0-9]{1,3}번?길)?[ ][0-9]{1,4}(?:-[0-9]{1,4})?(?:번지)?"
    r"(?:,?[ ](?:[가-힣A-Za-z]{1,12}[ ]?)?(?:[0-9]{1,4}동[ ]?)?[0-9]{1,4}(?:호|층))?"
)


def _whole(_: str, found: re.Match[str]) -> Hit | None:
    return Hit(found.start(), found.end(), LIKELY)


def recognizers() -> tuple[Recognizer, ...]:
    def unit(name: str, where: str, what: str, pattern: re.Pattern[str], check: Check, words: tuple[str, ...]) -> Recognizer:
        return Recognizer(
            name=name, type="ADDRESS", category="contact", jurisdiction=where, what=what, pattern=pattern, check=check, digits=0,
            words=words, contextual=True,
        )  # fmt: skip

    nouns = (*"号號弄栋棟幢座楼樓室层層组組巷房户戶單", "单元", "路", "街", "区", "村", "苑", "园")
    return (
        unit("address_jp", "JP", "prefecture, town and block", _JP, _whole, tuple(_KEN.split("|"))),
        unit("address_jp_postcode", "JP", "`〒` and seven digits", _JP_POST, _whole, ("〒",)),
        unit("address_cn", "CN", "from province to door, or any part of that with a number: CN, HK, MO, TW", _NUMBER, _address, nouns),
        unit("address_cn_chain", "CN", "province, city, district and road or village, without a number", _CHAIN, _whole, ("省", "自治区")),
        unit(
            "address_cn_field",
            "CN",
            "what stands after `地址`, `住址` and the like, if it names a place",
            _FIELD,
            _field,
            ("地址", "住址", "住所", "居住地", "所在地", "收货地", "寄往", "籍贯", "出生地", "位址", "地 址", "住 址"),
        ),
        unit("address_kr", "KR", "province, city, street and number", _KR, _whole, tuple(_SIDO.split("|"))),
    )
