"""Which script a text is written in, and the language where one script has only one.

A script is named as in ISO 15924, but for Han and kana, which are one here: `Jpan` and `Hani` are
told apart by their shares.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

# What Unicode calls a letter of the script (the first word of its name) -> the script.
NAMES = {
    "LATIN": "Latn", "FULLWIDTH": "Latn", "CYRILLIC": "Cyrl", "ARABIC": "Arab",
    "DEVANAGARI": "Deva",
    "ETHIOPIC": "Ethi", "GREEK": "Grek", "HEBREW": "Hebr", "ARMENIAN": "Armn", "GEORGIAN": "Geor",
    "BENGALI": "Beng", "GURMUKHI": "Guru", "GUJARATI": "Gujr", "ORIYA": "Orya", "TAMIL": "Taml",
    "TELUGU": "Telu", "KANNADA": "Knda", "MALAYALAM": "Mlym", "SINHALA": "Sinh", "THAI": "Thai",
    "LAO": "Laoo", "MYANMAR": "Mymr", "KHMER": "Khmr", "TIBETAN": "Tibt", "HANGUL": "Hang",
    "CJK": "Hani", "HIRAGANA": "Kana", "KATAKANA": "Kana", "HALFWIDTH": "Kana", "BOPOMOFO": "Hani",
    "THAANA": "Thaa", "NKO": "Nkoo", "CHEROKEE": "Cher", "OL": "Olck",
}  # fmt: skip
# Scripts that one language of the news owns. Assamese writes two letters of its own in Bengali;
# Yiddish, Shan, Mon and Dzongkha share these scripts too, and are taken for their neighbours.
OWNERS = {
    "Grek": "el", "Hebr": "he", "Armn": "hy", "Geor": "ka", "Beng": "bn", "Guru": "pa",
    "Gujr": "gu", "Orya": "or", "Taml": "ta", "Telu": "te", "Knda": "kn", "Mlym": "ml",
    "Sinh": "si", "Thai": "th", "Laoo": "lo", "Mymr": "my", "Khmr": "km", "Tibt": "bo",
    "Hang": "ko", "Thaa": "dv", "Nkoo": "nqo", "Cher": "chr", "Olck": "sat",
}  # fmt: skip
ASSAMESE = frozenset("ৰৱ")
# Headlines in other scripts are full of names in Latin letters, and those in Latin letters hardly
# ever hold names in others: with a quarter, no text of 11,500 in 76 languages was decided wrongly.
LEAST = 0.25
# A character of Han is a word or half of one.
HAN_WEIGHT = 2
# Of what is Japanese, kana are half; Chinese quotes a name in kana at most.
KANA = 0.1

# Characters that the reform of 1956 gave another shape, in pairs.
_PAIRS = (
    "国國学學会會时時来來个個们們发發开開关關对對经經济濟现現实實进進过過还還这這说說为為与與产產业業务務东東车車"
    "长長门門问問间間见見观觀规規视視题題风風飞飛马馬鱼魚鸟鳥龙龍华華书書买買卖賣贸貿费費资資质質员員赛賽红紅约約"
    "级級纪紀结結给給统統继繼续續维維网網综綜编編练練组組织織终終绍紹细細线線头頭点點热熱战戰护護报報据據举舉击擊"
    "压壓厂廠历歷厅廳县縣区區医醫单單双雙变變号號叶葉台臺听聽启啟团團园園图圖圆圓场場坏壞块塊坚堅声聲处處备備复復"
    "够夠夺奪奖獎妇婦娱娛孙孫宁寧宝寶审審宫宮宽寬将將尔爾尽盡层層岁歲岛島币幣师師带帶帮幫广廣庆慶应應库庫张張强強"
    "归歸录錄态態总總恶惡惊驚愿願戏戲户戶执執扩擴扬揚担擔择擇损損换換数數断斷无無显顯机機权權条條极極标標样樣树樹"
    "桥橋检檢楼樓欢歡气氣汉漢汤湯没沒沟溝泪淚泽澤测測浓濃涨漲温溫湾灣满滿灭滅灾災灯燈炉爐烟煙爱愛爷爺状狀独獨"
    "环環电電疗療监監盖蓋盘盤码碼确確礼禮离離种種积積称稱稳穩穷窮筑築签簽类類粮糧紧緊罗羅罚罰职職联聯胜勝脑腦脸臉"
    "苏蘇药藥营營蓝藍虑慮补補装裝计計认認讨討让讓训訓议議记記讲講许許论論设設访訪证證评評识識诉訴词詞译譯试試话話"
    "该該详詳语語误誤请請读讀调調谁誰谈談负負财財责責败敗货貨贫貧贵貴贺賀赢贏赵趙跃躍践踐转轉轮輪软軟轻輕载載较較"
    "辑輯输輸边邊达達迁遷运運远遠违違连連迟遲适適选選递遞邻鄰郑鄭酿釀释釋里裡针針钟鐘钢鋼钱錢铁鐵银銀链鏈销銷锁鎖"
    "错錯锦錦镇鎮镜鏡阳陽阴陰阵陣际際陆陸陈陳险險随隨难難雾霧静靜韩韓页頁项項顺順须須顾顧预預领領频頻颜顏额額饭飯"
    "饮飲馆館驶駛验驗骗騙鲜鮮麦麥黄黃齐齊齿齒伤傷价價众眾优優传傳伟偉体體余餘侨僑债債倾傾偿償党黨兴興养養军軍农農"
    "冲衝决決况況冻凍净淨减減几幾凤鳳创創刘劉则則刚剛别別剧劇办辦动動劳勞势勢"
)
SIMPLIFIED, TRADITIONAL = frozenset(_PAIRS[::2]), frozenset(_PAIRS[1::2])


@lru_cache(maxsize=50_000)
def script_of(letter: str) -> str:
    """The script of a letter or a vowel sign; `Zyyy` of what is neither, or is not listed."""
    if not letter.isalpha() and unicodedata.category(letter) not in {"Mn", "Mc"}:
        return "Zyyy"
    return NAMES.get(unicodedata.name(letter, "?").partition(" ")[0], "Zyyy")


def letters(text: str) -> Counter[str]:
    """How many letters of each script."""
    return Counter(_letters(text))


@lru_cache(maxsize=2)  # of one text several things are asked
def _letters(text: str) -> Mapping[str, int]:
    found = Counter[str]()
    for letter, count in Counter(text).items():
        found[script_of(letter)] += count
    del found["Zyyy"]
    return found


def leading(text: str) -> str | None:
    """The script that decides: the most used one, or another than Latin from a quarter on.

    Han and kana are both `Hani`, since Japanese writes both.
    """
    found = letters(text)
    found["Hani"] = HAN_WEIGHT * (found["Hani"] + found.pop("Kana", 0))
    total = found.total()
    if not total:
        return None
    latin = found.pop("Latn", 0)
    script, count = max(found.items(), key=lambda item: (item[1], item[0]))
    return script if count >= LEAST * total else "Latn" if latin else script


def owner(text: str, script: str | None) -> str | None:
    """The language that owns the script; of Han, Chinese or Japanese."""
    if script == "Hani":
        found = letters(text)
        kana = found["Kana"] >= KANA * (found["Kana"] + found["Hani"])
        return "ja" if kana else "zh"
    if script == "Beng" and not ASSAMESE.isdisjoint(text):
        return "as"
    return OWNERS.get(script or "")


def han(text: str) -> str | None:
    """`Hans` or `Hant`, by the characters that differ; None where there is none of them."""
    simplified = sum(char in SIMPLIFIED for char in text)
    traditional = sum(char in TRADITIONAL for char in text)
    if simplified == traditional:
        return None
    return "Hans" if simplified > traditional else "Hant"


def claimed_han(claim: str | None) -> str | None:
    """The script of Chinese that a BCP 47 tag names, by itself or by its region."""
    parts = set((claim or "").split("-")[1:])
    if parts & {"Hant", "TW", "HK", "MO"}:
        return "Hant"
    return "Hans" if parts & {"Hans", "CN", "SG"} else None


# Languages that write a script which another owns, taken at their word.
SHARERS = {"Hebr": {"yi"}, "Beng": {"as"}, "Mymr": {"shn", "mnw", "ksw"}, "Tibt": {"dz"}}


def sharer(script: str | None, claim: str | None) -> str | None:
    """The language that is claimed, if it may be written in a script that another owns."""
    language = (claim or "").partition("-")[0]
    return language if language in SHARERS.get(script or "", ()) else None
