# SPDX-License-Identifier: Apache-2.0
"""The same value in other words passes; another value does not."""

from __future__ import annotations

import pytest

from comity.tasks.gates import check

# LANGUAGE|TO|SOURCE|ANSWER
SAME = """
en||The class begins at ten o'clock.|The class begins at 10:00.
en||Lunch is at 12 noon.|Lunch is at midday.
en||The shop shuts at midnight.|The shop shuts at 12 am.
en||Your parcel takes two weeks.|Your parcel takes a fortnight.
en||Your parcel takes 14 days.|Your parcel takes a fortnight.
en||He worked here for ten years.|He worked here for a decade.
en||The walk takes half an hour.|The walk takes 30 minutes.
en||The film lasts 90 minutes.|The film lasts an hour and a half.
en||A quarter of the money is gone.|25% of the money is gone.
en||One in five pupils walks.|20 per cent of pupils walk.
en||Two thirds voted yes.|Two-thirds voted yes.
en||Sales doubled to 1.5 million.|Sales doubled to one and a half million.
en||A loaf costs £3.40.|A loaf costs three pounds forty.
en||A stamp costs 40p.|A stamp costs forty pence.
en||We are open 9am-5pm.|We are open from nine to five.
en||We are open from 9 am to 5 pm.|We're open nine until five.
en||We open Monday to Friday.|We open on weekdays.
en||We open on Saturday and Sunday.|We open at weekends.
en||The bus leaves at 14:00.|The bus leaves at 2 pm.
en||The bus leaves at 2.15 pm.|The bus leaves at a quarter past two.
en||The bus leaves at 5.45.|The bus leaves at quarter to six.
en||Feed it two times a day.|Feed it twice a day.
en||Ann, Bob and Joe came.|All three came.
en||Paul and Jane came.|Both came.
en||It starts on 1 May.|It starts on the first of May.
en||It starts on 21 June 2027.|It starts on June 21st, 2027.
en||It starts on 21 June.|It starts on the twenty-first of June.
en||There were 300 people.|There were three hundred people.
en||There were 1,200 people.|There were twelve hundred people.
en||There were about 1,950 people.|There were nearly 2,000 people.
en||There were 1,950 people.|There were almost two thousand people.
en||It weighs 1.5 kg.|It weighs 1,500 grams.
en||The lane is 2 km long.|The lane is two kilometres long.
en||Bring 2 photos and 1 form.|Bring two photos and a form.
en||The rent is £850 a month.|Rent: £850 pcm.
en||The rent rose from £800 to £850.|The rent rose by £50 to £850.
en||Room 12 is on the 3rd floor.|Room 12 is on the third floor.
en||The fee is 20 euros.|The fee is €20.
en||It runs every day.|It runs daily, seven days a week.
en||He is 45 years old.|He is forty-five.
en||It closes in six months.|It closes in half a year.
en||We need three more chairs.|We need 3 more chairs.
en||Turnout was 60 percent.|Turnout was 60%.
en||Turnout was 60%.|Six in ten turned out.
en||The tank holds 50 litres.|The tank holds 50 l.
en||The show is on the 12th at 7.|The show is at seven o'clock on the 12th.
en||The show is at 7.30pm on Friday 12 June.|The show is on Friday, 12 June, at half past seven in the evening.
en||The price fell by half.|The price fell by 50%.
en||Half of the 30 seats are taken.|15 of the 30 seats are taken.
en||It cost £1.2m.|It cost 1.2 million pounds.
en||It costs $5.|It costs five dollars.
en||The deadline is the end of March.|The deadline is 31 March.
zh||课程十点开始。|课程10:00开始。
zh||中午十二点吃饭。|12点吃饭。
zh||快递要两周。|快递要14天。
zh||快递要两周。|快递要两个星期。
zh||他住了半个月。|他住了15天。
zh||走路要一刻钟。|走路要15分钟。
zh||会议两点一刻开始。|会议2:15开始。
zh||电影一个半小时。|电影90分钟。
zh||一共一百五十块。|一共150元。
zh||一共一百五。|一共150元。
zh||月薪三千二。|月薪3200元。
zh||总价两万八。|总价28000元。
zh||衬衫八折。|衬衫打八折。
zh||儿童票半价。|儿童票5折。
zh||儿童票半价。|儿童票便宜50%。
zh||产量翻了一番。|产量增加了一倍。
zh||三分之一的人反对。|1/3的人反对。
zh||他身高一米七。|他身高1.7米。
zh||买了四斤半苹果。|买了2.25公斤苹果。
zh||晚上八点开门。|20:00开门。
zh||晚上八点半开门。|20点30分开门。
zh||五一放假。|5月1日放假。
zh||周一到周五营业。|工作日营业。
zh||周六和周日休息。|双休日休息。
zh||星期天休息。|周日休息。
zh||三月十二号开始。|3月12日开始。
zh||二零二六年五月开工。|2026年5月开工。
zh||老张、老李和小王都来了。|三个人都来了。
zh||约一千九百五十人。|近两千人。
zh||有1950人。|近2000人。
zh||参加的有12600人。|参加的有1.26万人。
zh||亏了三百万。|亏损300万元。
zh||每天三次，每次两片。|一日三次，一次2片。
zh||每天三次。|每日3次。
zh||占比百分之六十。|占六成。
zh||占比60%。|占六成。
zh||第三年才结果。|3年才结果。
zh||押金从800元涨到850元。|押金涨了50元，到850元。
zh||温度零下五度。|温度-5℃。
zh||温度三十八度五。|体温38.5度。
zh||三楼五号房间。|3层5号房。
zh||他今年四十五岁。|他45岁。
zh||我们还要三把椅子。|还差3把椅子。
zh||下午两点到四点开放。|14:00至16:00开放。
zh||上午九点到下午五点开放。|9点到17点开放。
zh||距离五百米。|距离0.5公里。
zh||距离一公里。|距离1000米。
zh||每人一百二。|人均120元。
zh||这条路全长十二点五公里。|全长12.5公里。
zh||半年后到期。|6个月后到期。
zh||一年后到期。|12个月后到期。
zh||截止到月底。|月底截止。
zh||货款七万五千元。|货款7.5万元。
zh||你明天来吧。|好的，明天见，今天先这样。
en|zh|The class begins at ten o'clock on Monday.|课程周一上午10点开始。
en|zh|He paid 1.2 million dollars.|他付了120万美元。
en|zh|A quarter of the pupils are ill.|四分之一的学生生病了。
en|zh|Your parcel takes two weeks.|您的包裹要两周。
en|zh|It starts on 21 June 2027.|2027年6月21日开始。
en|zh|One of them left.|其中一人走了。
en|zh|She bought a dozen eggs.|她买了十二个鸡蛋。
en|zh|It is 30 miles away.|在30英里外。
en|zh|It closes at half past five in the afternoon.|下午五点半关门。
en|zh|Both brothers came twice.|两兄弟都来过两次。
en|zh|In the 1990s he moved.|九十年代他搬了家。
en|zh|The first floor is closed.|一楼关闭。
en|zh|About 40 per cent agreed.|约四成人同意。
en|zh|It weighs 3 pounds.|重三磅。
en|zh|At 8 he eats.|他八点吃饭。
zh|en|三分之二的人同意。|Two thirds agreed.
zh|en|他花了三万五千元。|He spent 35,000 yuan.
zh|en|会议改到下周三下午两点半。|The meeting has been moved to half past two next Wednesday afternoon.
zh|en|十一月中旬开始供暖。|Heating starts in mid-November.
zh|en|一个半小时以后到。|It arrives in an hour and a half.
zh|en|他七十多岁了。|He is over seventy.
zh|en|第三名得了五百块。|Third place won 500 yuan.
zh|en|水库容量两亿立方米。|The reservoir holds 200 million cubic metres.
zh|en|门票打八折。|Tickets are 20% off.
zh|en|两天一次。|Once every two days.
zh|en|每月十五号发工资。|Wages are paid on the 15th of each month.
zh|en|离这里两公里。|It is two kilometres from here.
zh|en|五个人里有四个赞成。|Four out of five are in favour.
zh|en|凌晨一点二十分起飞。|It takes off at 1.20 a.m.
zh|en|五月初一。|The first day of the fifth month.
"""

OTHER = """
en||The class begins at ten o'clock.|The class begins at 11:00.
en||The bus leaves at 2.15 pm.|The bus leaves at 2.15 am.
en||A loaf costs £3.40.|A loaf costs £4.30.
en||It starts on 21 June 2027.|It starts on 21 July 2027.
en||Each tablet holds 250 mg.|Each tablet holds 250 g.
en||At least 40 people came.|At most 40 people came.
en||It is 30 miles away.|It is 30 km away.
en||Come on Thursday morning.|Come on Thursday afternoon.
zh||总价两万八。|总价二十八万元。
zh||会议两点一刻开始。|会议3:15开始。
zh||占比百分之六十。|占七成。
zh||最多来十个人。|至少来十个人。
zh||周四上午来。|周四下午来。
zh||桥长一千三百英尺。|桥长1300米。
zh|en|每月十五号发工资。|Wages are paid on the 5th of each month.
zh|en|他花了三万五千元。|He spent 350,000 yuan.
en|zh|He paid 1.2 million dollars.|他付了12万美元。
"""


def rows(text: str) -> list[list[str]]:
    return [line.split("|") for line in text.strip().splitlines()]


def wrong(language: str, to: str, source: str, answer: str) -> set[str]:
    gates = check("translation" if to else "rewrite", source=source, answer=answer, language=language, to=to)
    return {gate.why for gate in gates if not gate.passed and gate.name in ("numbers", "dates")}


@pytest.mark.parametrize(("language", "to", "source", "answer"), rows(SAME))
def test_the_same_in_other_words(language: str, to: str, source: str, answer: str) -> None:
    assert not wrong(language, to, source, answer)


@pytest.mark.parametrize(("language", "to", "source", "answer"), rows(OTHER))
def test_another_value(language: str, to: str, source: str, answer: str) -> None:
    assert wrong(language, to, source, answer)
