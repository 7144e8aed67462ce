# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Right answers in other words, on matters of every day: none is an alarm."""

from __future__ import annotations

import pytest

from comity.tasks.gates import check

# KIND|LANGUAGE or LANGUAGE>TO|SOURCE|ANSWER
RIGHT = """
rewrite|en|Staff must wear a badge at all times. Lost badges cost £6 to replace and the desk on the ground floor issues them until 4 pm.|Everyone on the staff has to have their badge on throughout. If you lose yours, a new one is £6 from the ground-floor desk, open till four.
summary|en|The museum reopened on Saturday after an eight-month refit that cost £2.4 million. More than 3,000 people came over the weekend, and the café ran out of cake by noon on Sunday.|After eight months of works costing £2.4m the museum is open again; over three thousand visitors came in two days.
reply|en|Hi, are you free for a call on Tuesday at 11? If not, Wednesday after lunch works too. Best, Nadia|Hi Nadia, Tuesday at eleven suits me. Speak then!
answer|en|Parking is free after 6 pm and on Sundays. At other times it costs £1.80 an hour, with a maximum stay of three hours.|Nothing: it is free on Sundays.
rewrite|en|Sorry but we can't take cards under a tenner. There's a cash machine round the corner by the chemist.|We regret that cards are accepted only for amounts of £10 or more. A cash machine is available nearby, next to the pharmacy.
summary|en|Rainfall in April was 30 per cent below average, the driest since 1997. Farmers in the east have begun to irrigate earlier than usual; reservoirs stand at 71 per cent.|April was the driest for decades, with 30% less rain than normal. Eastern growers are already watering their fields and reservoirs are 71% full.
translation|en>zh|The library will be closed on Monday for stocktaking. Books due that day may be returned on Tuesday without a fine.|图书馆周一因盘点闭馆。当天到期的图书可在周二归还，不收罚款。
translation|en>zh|Our train was forty minutes late, so we missed the ferry and had to spend the night in Dover.|我们的火车晚点四十分钟，结果没赶上渡轮，只好在多佛过夜。
translation|zh>en|楼上漏水，把我家天花板泡坏了，物业说下周派人来看，让我先拍照留底。|Water leaking from upstairs has ruined our ceiling. The property managers say they will send someone to look next week and asked me to take photos in the meantime.
translation|zh>en|这家面馆开了三十年，老板每天凌晨四点起来熬汤，从不请人帮忙。|This noodle shop has been going for thirty years. The owner gets up at four every morning to make the broth and never hires help.
summary|zh|昨晚的强风吹倒了滨河路上的七棵行道树，砸坏两辆停放的小汽车，所幸没有人员受伤。环卫部门连夜清理，今早六点道路恢复通行。|昨夜大风刮倒滨河路七棵树，两辆车受损，无人伤亡；经通宵清障，今晨6点已通车。
rewrite|zh|你那个快递又放错柜子了，我给你拿回来了，在我家门口鞋架上，你下班自己来拿，别忘了。|您的快递被误放入其他柜子，我已代为取回，置于我家门前鞋架，请下班后自取，勿忘。
reply|zh|李姐，周五的家长会改到六点半了，地点还是三年级二班教室，您看能来吗？要是来不了麻烦提前跟我说一声。|收到，周五18:30三年级二班教室，我准时到。谢谢通知！
answer|zh|本店会员日为每月八号，全场九折，特价商品除外。积分满五百可兑换雨伞一把。|不参加，特价商品不打折。
summary|zh|小区东门的快递架因为占用消防通道被要求拆除，新架子装在地下车库入口，晚上有灯，二十四小时可取。|因占消防通道，东门快递架将拆，改设于地下车库入口，有照明，全天可取件。
proofread|zh|他每天早上都去公圆跑步，跑完以后在路边买一杯豆桨，再慢慢走会家。|他每天早上都去公园跑步，跑完以后在路边买一杯豆浆，再慢慢走回家。
proofread|zh|这次考试题目太难，很多同学都没座完，老师说成绩会适当条整。|这次考试题目太难，很多同学都没做完，老师说成绩会适当调整。
proofread|en|She dont know weather the shop are open, so she is going their to sea.|She doesn't know whether the shop is open, so she is going there to see.
proofread|en|The childs was playing in the garden, when it start to rain heavy.|The children were playing in the garden when it started to rain heavily.
proofread|en|I look forward to here from you, and would be greatful for a answer until Friday.|I look forward to hearing from you and would be grateful for an answer by Friday.
rewrite|zh|这药一天吃两回，一回一片，饭后吃，孕妇别碰。放阴凉地方，别让小孩够着。|本药每日两次，每次一片，饭后服用，孕妇禁用。请置于阴凉处，并避免儿童接触。
summary|en|From 1 March the 7 and 12 buses will no longer stop at Elm Road because the shelter is being rebuilt. Passengers should use the stop outside the post office, 150 metres further on. Works are expected to last until mid-May.|Elm Road loses its 7 and 12 bus stop from 1 March to mid-May while the shelter is rebuilt; use the post office stop 150 m away.
reply|zh|房东您好，热水器又坏了，洗到一半没热水。能不能这两天找人来修一下？我晚上七点以后都在家。|好的，我联系师傅明晚七点后上门修热水器，给您添麻烦了。
answer|en|Founded in 1923 by two sisters, Clara and Edith Monk, the bakery passed to Edith's grandson in 1988 and still uses the original oven.|Edith's grandson took it over in 1988.
answer|zh|老张种了三亩苹果，去年收了八千斤，卖了两万四；今年遭了冰雹，只收了五千斤，单价倒涨到四块。|今年收了五千斤，每斤四块，比去年少三千斤。
rewrite|en|Nobody may enter the lab without goggles, and food isn't allowed in there either.|Goggles are compulsory in the laboratory; eating there is forbidden.
summary|zh|由于进口原料涨价，厂里决定从下月起把每箱售价由九十六元调到一百零二元，老客户的合同价年底前不变。|因进口原料贵了，下月起每箱涨6元至102元，老客户合同价到年底维持原价。
translation|en>zh|Don't open the oven during the first twenty minutes or the cake will sink.|前二十分钟不要打开烤箱，否则蛋糕会塌。
translation|zh>en|我爸不吃辣，点菜的时候记得说一声，另外别放香菜。|My dad doesn't eat spicy food, so please say so when ordering. No coriander either.
rewrite|en|The lift's been out since Tuesday and they reckon it'll be another ten days, so anyone who can't manage the stairs should ring the caretaker.|The lift has been out of order since Tuesday and is expected to take ten more days to repair. Residents unable to use the stairs are asked to telephone the caretaker.
summary|en|The swimming club has 84 members, up from 61 a year ago. Subscriptions stay at £15 a month, but juniors will pay half. The committee wants to hire a second coach by Easter.|Membership has grown by 23 to 84; fees remain £15 monthly, £7.50 for juniors, and a second coach is wanted before Easter.
summary|en|Two crews spent four hours putting out a blaze at a timber yard in Leith on Wednesday night. No one was hurt. The cause is not yet known.|A fire at a Leith timber yard took two crews four hours to extinguish on Wednesday; nobody was injured and the cause remains unknown.
answer|en|Doors open at 18:45, the first half starts at 19:30 and runs for 50 minutes. After a 20-minute interval there is a second half of about 45 minutes.|At half past seven in the evening.
answer|en|The recipe serves four: 320 g pasta, 2 cloves of garlic, 60 ml olive oil and a pinch of chilli.|Eighty grams each.
rewrite|en|I won't be in on Friday as I've got a hospital appointment at 9.15 and I don't know how long it'll take.|I shall be absent on Friday owing to a hospital appointment at a quarter past nine, the length of which I cannot predict.
rewrite|en|All mobile phones must be switched off before the exam begins. Candidates found with a phone will be disqualified.|Turn your phone off before the exam starts. If you're caught with one, you're out.
reply|en|Your order 40213 is delayed: the blue chairs won't reach us before the 22nd. We can send grey ones at once instead, or refund you. Which would you prefer? Kim, Harbour Furniture|Hello Kim, thanks for the update on order 40213. I'd rather wait for the blue chairs, so the 22nd is fine.
reply|en|Can you cover my shift on Sunday? I start at 6 and finish at 2. I could do your Tuesday night in return. Dom|Sorry Dom, I can't do Sunday as I'm away. Hope you find someone!
proofread|en|The meeting have been moved too Thursday, please tells everybodys who is coming.|The meeting has been moved to Thursday; please tell everybody who is coming.
proofread|en|Its a shame that the bus dont stops hear no more.|It's a shame that the bus doesn't stop here any more.
proofread|en|We was informed by they're office that the payement was recieved last weak.|We were informed by their office that the payment was received last week.
translation|en>zh|The lease runs for eighteen months from 1 September and may be ended by either side with two months' notice.|租约自9月1日起为期十八个月，任何一方均可提前两个月通知终止。
translation|en>zh|He never drinks coffee after lunch, but he can't start the morning without it.|他午饭后从不喝咖啡，但早上没有咖啡就没法开始一天。
translation|en>zh|The hotel has 46 rooms, none of which face the main road. Breakfast is served from seven to half past ten.|酒店有46间客房，没有一间朝向主路。早餐供应时间为七点到十点半。
translation|zh>en|第二十七届灯会将于正月初八开幕，为期四十天，六十五岁以上老人免票。|The 27th lantern fair opens on the eighth day of the first lunar month and lasts forty days; people over 65 get in free.
translation|zh>en|别着急，车还有一刻钟才开，我给你占了靠窗的座。|No need to hurry; the train doesn't leave for another quarter of an hour, and I've saved you a window seat.
translation|zh>en|去年底厂里裁了三成人，剩下的人工资涨了百分之五。|At the end of last year the factory laid off 30% of its workers; those who stayed had their pay raised by 5%.
summary|zh|本周六（5月16日）上午九时至下午三时，因线路检修，和平里、永安里两个社区停电，医院和学校不受影响。居民可拨打95598咨询。|5月16日（周六）9:00—15:00检修停电，涉及和平里、永安里，医院学校照常供电。
summary|zh|林教练带队五年，拿过两次省冠军，这次因为要照顾生病的母亲辞职，俱乐部请助理教练吴刚暂时接手到赛季结束。|执教五年、两夺省冠军的林教练因母亲患病辞职，助教吴刚代理至赛季末。
answer|zh|借书证押金一百元，退证时凭收据全额退还；遗失收据的，凭身份证办理，三个工作日到账。|可以，带身份证去办，三个工作日内到账。
answer|zh|末班车晚上十点四十从东站发车，周五、周六延长一小时。|周五末班车是23:40。
reply|zh|小吴，下周一的培训改成线上了，九点开始，链接我八点半发群里。记得提前把耳机试好，别到时候又没声音。——赵敏|好的赵姐，周一九点线上见，耳机我会提前试。
reply|zh|您好，您订的蛋糕因为草莓断货，能否换成蓝莓的？价格一样，时间不变，还是明天下午四点取。|可以换蓝莓，明天16点我来取，谢谢。
rewrite|zh|快把空调关了吧，一晚上开到二十度，电费比上个月多了一百多，孩子还感冒了。|请关闭空调。整夜设定20度，本月电费较上月增加逾百元，且孩子因此着凉。
rewrite|zh|凡在本店购物满200元者，可获赠环保袋一个，每人限领一个，赠完为止。|买够两百块送个环保袋，一人一个，送完就没了。
proofread|zh|这家餐厅的味道还不错，就是服务员的态度有点儿冷谈，我们等了半个小时才上采。|这家餐厅的味道还不错，就是服务员的态度有点儿冷淡，我们等了半个小时才上菜。
proofread|zh|由于天气原因，原定明天举行的运动会被取肖，具体时间令行通知。|由于天气原因，原定明天举行的运动会被取消，具体时间另行通知。
proofread|zh|通过这次活动，使我明白了团结的重要性，大家都收获非浅。|这次活动使我明白了团结的重要性，大家都收获匪浅。
summary|en|Sheila Grant, 71, has run the village post office since 1989. She will retire on 30 June and hand over to her nephew Callum, who plans to add a coffee bar.|After more than three decades Sheila Grant retires from the village post office at the end of June; nephew Callum takes over and means to put in a coffee bar.
answer|en|Dogs are welcome in the garden and the bar, but not in the dining room. Water bowls are by the back door.|No, only in the bar and garden.
rewrite|en|Residents are reminded that bins should be put out no earlier than 7 pm and brought back by noon next day.|Please don't put bins out before seven in the evening, and fetch them in by midday the day after.
summary|zh|三名登山者周日在雪线附近失联，救援队搜寻十一个小时后于周一凌晨找到他们，其中一人轻微冻伤，另两人平安。|周日失联的三名登山者在搜救11小时后获救，一人轻度冻伤，两人无恙。
"""


@pytest.mark.parametrize(("kind", "languages", "source", "answer"), [line.split("|") for line in RIGHT.strip().splitlines()])
def test_no_alarm(kind: str, languages: str, source: str, answer: str) -> None:
    language, _, to = languages.partition(">")
    gates = check(kind, source=source, answer=answer, language=language, to=to)
    assert not [(gate.why, gate.said) for gate in gates if not gate.passed]
