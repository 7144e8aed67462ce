# SPDX-License-Identifier: Apache-2.0
"""Chinese names in a whole text: what is cut for the reader, and, where its weights are on this machine, what is found."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from comity.config import PathsConfig
from comity.device.manifest import models_directory
from comity.errors import TrustFailure
from comity.privacy.names.han import HanNames, pieces
from comity.privacy.names.weights import weights
from comity.privacy.scan import scan

PIECE_MAX = 160


def is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


@given(
    st.lists(st.sampled_from(["王丽娜", "说", "的", "。", "，", "\n", "！”", " ", "a", "abc", "1", "、", "很长的一句话没有停顿" * 9])).map(
        "".join
    )
)
@example("")
@example("。\n")
@example("的" * 1000)
@example("abc。" * 500)
def test_every_chinese_character_is_read(text: str) -> None:
    parts = list(pieces(text))
    read = {at for start, end in parts for at in range(start, end)}
    assert {at for at, char in enumerate(text) if is_han(char)} <= read
    assert all(0 <= start < end <= len(text) and end - start <= PIECE_MAX for start, end in parts)
    assert all(one[0] < two[0] and one[1] < two[1] for one, two in pairwise(parts))
    assert sum(end - start for start, end in parts) <= 1.2 * len(text) + 1, "an overlap reads little twice"


@given(st.integers(0, 400))
def test_a_name_is_whole_in_one_piece_wherever_it_stands(before: int) -> None:
    text = "的" * before + "阿依古丽·买买提" + "的" * 200
    assert any(start <= before and before + 8 <= end for start, end in pieces(text))


def absent() -> bool:
    return not all((models_directory(PathsConfig()) / weight.file).is_file() for weight in weights()["han"])


@pytest.fixture(scope="module")
def finder() -> HanNames:
    pytest.importorskip("onnxruntime")
    if absent():
        pytest.skip("the weights of Chinese names are not on this machine: comity models add names")
    return HanNames(models_directory(PathsConfig()))


def said(finder: HanNames, text: str) -> list[str]:
    return [text[found.start : found.end] for found in scan(text, [finder]) if found.type == "PERSON"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("麻烦你转告周晓燕，会议改到三点。", ["周晓燕"]),
        ("把钥匙交给孙浩然就行。", ["孙浩然"]),
        ("我跟郑爽爽、冯凯、蒋依依一起去的。", ["郑爽爽", "冯凯", "蒋依依"]),
        ("姓名,年龄\n林可欣,31\n欧阳文博,45", ["林可欣", "欧阳文博"]),
        ('{"收件人":"罗美玲","电话":"请拨打前台"}', ["罗美玲"]),
        ("联系人：郭子豪先生", ["郭子豪"]),
        ("李文军_劳动合同.docx", ["李文军"]),
        ("姓名：张 三\n年龄：四十", ["张 三"]),
        ("陳志明昨天還給了林美玲一本書。", ["陳志明", "林美玲"]),
        ("法国作家维克多·雨果和记者阿依古丽·买买提", ["维克多·雨果", "阿依古丽·买买提"]),
        ("山本太郎和金秀贤出席了活动。", ["山本太郎", "金秀贤"]),
        ("小王跟老李说阿强明天不来了。", ["小王", "老李", "阿强"]),
        ("张伟民和张伟是兄弟。", ["张伟民", "张伟"]),
        ("ＮＡＭＥ：赵雪梅，电话另发。", ["赵雪梅"]),
        ("婚礼上见到了表哥振东，很高兴。", ["振东"]),
        ("区文斌｜财务部", ["区文斌"]),
        ("外甥立新，还有小姨春燕，都来了。", ["立新", "春燕"]),
        ("翻译好了就转发秀芳。", ["秀芳"]),
        ("参会：向雅琪、于海洋、和立军", ["向雅琪", "于海洋", "和立军"]),
        ("导演让-皮埃尔·梅尔维尔来了。", ["让-皮埃尔·梅尔维尔"]),
        ("上官雪梅和令狐建国下周出差。", ["上官雪梅", "令狐建国"]),
        ("球员路易斯·苏亚雷斯（Luis Suárez）进球。", ["路易斯·苏亚雷斯", "Luis Suárez"]),
    ],
)
def test_found(finder: HanNames, text: str, names: list[str]) -> None:
    assert said(finder, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "我们去了张家界和王府井，晚上在中山路吃饭。",
        "大家都很高兴，黄金涨价了，用着方便，屋里安静。",
        "江苏省、河北、安徽、温州、连云港、马鞍山",
        "任何人都可以申请，应该先填表，然后等通知。",
        "用傅立叶变换分析信号，推导欧拉公式。",
        "李宁公司的衣服在打折。",
        "有事请回复。\n此致\n敬礼",
        "我们小区文明施工，开发区海关已经放行。",
        "表哥高兴，妹妹开心，弟弟回家，哥哥结婚，姐姐上班。",
        "最终，凯尔特人以四比二击败湖人。",
        "她跟伯伯和伯母住。",
        "下周签合同，上周开会，每周打扫。",
        "向郑家借了两石米，郑家没有要利息。",
        "院子里有桑树和柏树，黄铜的门环。",
        "所有的方法都试过了，但是没有一个能解决问题。",
        "No Chinese name at all: Peter, 13 May.",
        "",
    ],
)
def test_left_alone(finder: HanNames, text: str) -> None:
    assert said(finder, text) == []


def test_a_name_found_once_is_found_elsewhere_but_not_as_a_word(finder: HanNames) -> None:
    assert said(finder, "李晓明走进教室。晓明笑了笑。天刚晓明亮了一半。")[:2] == ["李晓明", "晓明"]
    text = "经理高兴说下周签合同。\n听到消息我们很高兴，大家高兴地走了。"
    assert [found.start for found in scan(text, [finder])] == [2]


def test_a_name_found_once_is_left_where_a_thing_bears_it(finder: HanNames) -> None:
    assert said(finder, "法国作家维克多·雨果出生在这里，维克多·雨果大街也在这里。") == ["维克多·雨果"]


def test_places_are_those_of_the_caller_s_text(finder: HanNames) -> None:
    text = '{"n":"\\u738b\\u4e3d\\u5a1c","m":"孙\u200b浩然"}'
    assert said(finder, text) == ["\\u738b\\u4e3d\\u5a1c", "孙\u200b浩然"]


def test_a_long_text_is_read_to_its_end_and_sentences_do_not_change_each_other(finder: HanNames) -> None:
    filler = "今天的会议讨论了预算，没有结论。" * 700
    text = filler + "请通知王丽娜。" + filler + "把钥匙交给孙浩然就行。"
    assert said(finder, text) == ["王丽娜", "孙浩然"]


def test_no_name_is_lost_where_a_long_sentence_is_cut(finder: HanNames) -> None:
    for before in range(90, 130, 3):
        assert said(finder, "嗯" * before + "请通知王丽娜明天来开会" + "嗯" * 40) == ["王丽娜"], before


@pytest.mark.parametrize(
    "unit", ["王", "阿·", "李明·", "张 三 ", "（A", "王丽娜（Aa Aa", "欧阳", "山本", "亚", "、", "\ue022王", "\ud800王", "王\n"]
)
def test_hostile_texts_end_and_lie_inside(finder: HanNames, unit: str) -> None:
    text = unit * (1200 // len(unit))
    for start, end, *_ in finder.find(text):
        assert 0 <= start < end <= len(text)


def test_altered_weights_are_refused(finder: HanNames, tmp_path: Path) -> None:
    for weight in weights()["han"]:
        (tmp_path / weight.file).write_bytes((models_directory(PathsConfig()) / weight.file).read_bytes())
    HanNames(tmp_path)
    (tmp_path / weights()["han"][1].file).write_bytes(b"\0" + (tmp_path / weights()["han"][1].file).read_bytes()[1:])
    with pytest.raises(TrustFailure):
        HanNames(tmp_path)
