# SPDX-License-Identifier: Apache-2.0
"""Secrets: keys of known shape, tokens, private keys, passwords in URLs and in words."""

from __future__ import annotations

import re

from comity.privacy.recognizers.base import CERTAIN, HINTED, LIKELY, Check, Hit, Recognizer, whole

# Published prefixes of the issuers' own documentation.  Each shape is anchored by its prefix and bounded in length.
_KEYS = (
    r"sk-(?:proj-|ant-[a-z0-9]{2,8}-|or-v1-|svcacct-|admin-)?[A-Za-z0-9_-]{16,200}",  # OpenAI, Anthropic, DashScope, DeepSeek, …
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",  # AWS
    r"LTAI[A-Za-z0-9]{12,30}",  # Alibaba Cloud
    r"AKID[A-Za-z0-9]{13,40}",  # Tencent Cloud
    r"AIza[A-Za-z0-9_-]{35}",  # Google
    r"GOCSPX-[A-Za-z0-9_-]{20,40}",
    r"ya29\.[A-Za-z0-9_-]{20,400}",
    r"gh[pousr]_[A-Za-z0-9]{30,255}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{22,255}",
    r"glpat-[A-Za-z0-9_-]{20,60}",
    r"xox[abeprs]-[A-Za-z0-9-]{10,200}",  # Slack
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,200}",  # Stripe
    r"hf_[A-Za-z0-9]{30,60}",
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-[A-Za-z0-9_-]{50,300}",
    r"SG\.[A-Za-z0-9_-]{16,40}\.[A-Za-z0-9_-]{16,80}",  # SendGrid
    r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}",
    r"dop_v1_[a-f0-9]{64}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
    r"gsk_[A-Za-z0-9]{40,80}",
    r"r8_[A-Za-z0-9]{30,60}",
    r"AKLT[A-Za-z0-9_-]{30,80}={0,2}",  # Volcengine
    r"ALTAK[A-Za-z0-9-]{20,80}",  # Baidu
    r"bce-v3/[A-Za-z0-9/_-]{20,160}",
    r"STS\.[A-Za-z0-9]{12,60}",  # Alibaba, for a time
    r"JDC_[A-Z0-9]{20,40}",
    r"(?:pplx|xai|csk|nvapi|tvly|fw|jina)[-_][A-Za-z0-9_-]{20,160}",  # Perplexity, xAI, Cerebras, NVIDIA, Tavily, Fireworks, Jina
    "(?:pcsk|lsv2_pt|lsv2_sk|sbp|sb_secret|nfp|figd|ntn|glsa|glc|lin_api|rubygems|dckr_pat|dckr_oat|sntrys|sntryu|whsec"
    "|doo_v1|dor_v1)_[A-Za-z0-9_=+/-]{16,240}",
    r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{20,80}",
    r"gl(?:dt|rt|cbt|ptt|soat|imt|agent|oas|ffct)-[A-Za-z0-9_-]{20,80}",
    r"(?:(?:NRAK|NRII|PMAK|HRKU|tskey)-[A-Za-z0-9-]{24,120}|key-[a-f0-9]{32})",  # New Relic, Postman, Heroku, Tailscale, Mailgun
    r"ATATT3[A-Za-z0-9_=-]{40,300}",  # Atlassian
    r"dapi[a-f0-9]{32}(?:-[0-9])?",  # Databricks
    r"hv[sbr]\.[A-Za-z0-9_-]{20,200}",  # Vault
    r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{30,80}",  # Doppler
    r"sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,50}",  # Square
    r"secret_[A-Za-z0-9]{40,50}",  # Notion
    r"AccountKey=[A-Za-z0-9+/]{60,120}={0,2}",  # Azure
    r"SharedAccessKey=[A-Za-z0-9+/]{30,80}={0,2}",
)
# Addresses that let whoever knows them post: Slack, Discord, DingTalk, Feishu, WeCom.
_HOOK = re.compile(
    r"(?:hooks\.slack\.com/(?:services|workflows)/|discord(?:app)?\.com/api/webhooks/[0-9]{10,25}/|open\.(?:feishu\.cn"
    r"|larksuite\.com)/open-apis/bot/v2/hook/"
    r"|(?:oapi\.dingtalk\.com/robot/send\?access_token"
    r"|qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key)=)(?P<value>[A-Za-z0-9/_-]{16,120})"
)
# Zhipu: 32 hexadecimal places, a dot, 16 letters and digits.
_ZHIPU = re.compile(r"\.[A-Za-z0-9]{16}(?![A-Za-z0-9])")
_ZHIPU_HEAD = re.compile(r"(?<![A-Za-z0-9])[0-9a-f]{32}$")
# A code sent to be typed in: whoever reads it may use it.
_CODE = re.compile(
    "(?:(?<![A-Za-z])(?:otp|one[ -]time (?:code|password|passcode)|verification code|security code(?: on the back)?|auth(?:entication)? "
    "code|(?:2fa|mfa|sms|login|log-in|sign-in|activation|pairing) code|your code(?=[ ]?:|[ ]is)|cvv2?|cvc2?)"
    "|验证码|驗證碼|校验码|动态码|動態碼|安全码|取件码|認証コード|인증번호)"
    r"[ ]?(?:[:：#=]|is|是|为|為)?[ ]{0,2}[\"'【「]?(?P<value>[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}"
    r"|[0-9]{3,8}|[A-Z0-9]{3}-[A-Z0-9]{3})(?![0-9A-Za-z])(?!\.[0-9])",
    re.IGNORECASE,
)
# `482913 is your Acme verification code`, `4471（登录验证码）`
_CODE_AHEAD = re.compile(
    r"[0-9](?<![0-9A-Za-z.\-/].)[0-9]{3,7}(?:[ ](?:is|as)[ ](?:your|my|the)(?P<who>(?:[ ][A-Z][\w.&-]{1,20}){0,3})"
    r"(?P<kind>[ ](?:(?:one-time|verification|security|login|log-in|sign-in|access|auth(?:entication)?|otp|2fa|sms))){0,2}"
    r"[ ](?:code|password|passcode|OTP)(?![A-Za-z])"
    r"|[ ]?(?:[(（]|就?是|为|這個|这个|作为)?[ ]?(?:您|你|我|他|她)?的?"
    r"(?:登录|登錄|注册|支付|短信|手机|本次|动态){0,2}(?:验证码|驗證碼|校验码|动态码))"
)


def _code_ahead(_: str, found: re.Match[str]) -> Hit | None:
    """Not `404 is the code`: of a person, of a service, or of a kind that is sent."""
    digits = re.match("[0-9]+", found[0])
    if digits is None or (found[0].isascii() and not (found["kind"] or found["who"] or " your " in found[0])):
        return None
    return Hit(found.start(), found.start() + digits.end(), LIKELY)


_KEY_GATES = (
    "sk-", "akia", "asia", "abia", "acca", "ltai", "akid", "aiza", "gocspx-", "ya29.", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
    "github_pat_", "glpat-", "xoxa-", "xoxb-", "xoxe-", "xoxp-", "xoxr-", "xoxs-", "sk_live_", "sk_test_", "rk_live_", "rk_test_",
    "pk_live_", "pk_test_", "hf_", "npm_", "pypi-", "sg.", "shpat_", "shpca_", "shppa_", "shpss_", "dop_v1_", "age-secret-key-",
    "gsk_", "r8_", "aklt", "altak", "bce-v3/", "sts.", "jdc_", "pplx-", "xai-", "csk-", "nvapi-", "tvly-", "fw_", "jina_", "pcsk_",
    "lsv2_", "sbp_", "sb_secret_", "nfp_", "figd_", "ntn_", "glsa_", "glc_", "lin_api_", "rubygems_", "dckr_", "sntrys_", "sntryu_",
    "whsec_", "doo_v1_", "dor_v1_", "pscale_", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-", "glimt-", "glagent-", "gloas-",
    "glffct-", "nrak-", "nrii-", "pmak-", "hrku-", "tskey-", "key-", "atatt3", "dapi", "hvs.", "hvb.", "hvr.", "dp.", "sq0", "secret_",
    "accountkey=", "sharedaccesskey=",
)  # fmt: skip

_PEM = re.compile(r"-----BEGIN (?P<kind>[A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?)-----")
_PEM_CHARACTERS_MAX = 20_000
# Of a key without its end: header lines, whole lines of base64 (`\n` spelled out too), and one that is cut.
_PEM_BODY = re.compile(
    r"(?:[ \t]{0,8}(?:[A-Za-z0-9+/=]{1,200}|[A-Z][A-Za-z-]{2,30}: [^\n]{0,100})?[ \t]{0,8}(?:\r?\n|\\r|\\n)){0,400}"
    r"(?:[ \t]{0,8}[A-Za-z0-9+/=]{16,20000})?"
)
_JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{0,2000}")
_BOT = re.compile(r"(?<![A-Za-z0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])")
_BEARER = re.compile(r"(?<![A-Za-z])(?:bearer|basic)[ ]{1,3}(?P<value>[A-Za-z0-9._~+/-]{12,4000}={0,2})", re.IGNORECASE)
_URL = re.compile(r"://(?P<value>[^\s/@:\"'<>]{0,128}:[^\s/@\"'<>]{1,256})@(?=[^\s/])")

# `password: …`: a word that names a secret, a sign that gives it a value, and the value.
_STRONG = (
    r"passw(?:or[dt]|d)|passphrase|passcode|pass|pwd|pw|pin(?:[ _-]?code)?|contraseña|senha|(?<=mot de )passe"
    r"|密码|密碼|口令|パスワード|비밀번호"
)
_WEAK = r"(?:secret|token|credential|key)s?(?:[ _-]?(?:key|id))?|密钥|秘钥|令牌|私钥"
_WORD_GATES = (
    "pass", "pwd", "pw:", "pw=", "pw is", "pin", "contraseña", "senha", "密码", "密碼",
    "口令", "パスワード", "비밀번호", "secret", "token", "cred", "key", "密钥", "秘钥", "令牌", "私钥",
)  # fmt: skip
# `password for lena: …`, `passcode's …`, `密码改成了…`
_GIVES = (
    r"[\"'`]?(?:[ ](?:for|to|of|on)(?:[ ][\w.@/-]{2,24}){1,3})?[ \t]{0,3}(?:=>|:=|==?|[:：]|就?是|为|為|(?:改|设|換|换|重置"
    r"|修改)(?:成了?|为|為)"
    r"|['’]s(?=[ \t])|used to be(?=[ \t])|(?:(?:was|is|got|has been)[ ])?(?:changed|set|reset)[ ]to(?=[ \t])"
    r"|(?:is|was)(?:[ ](?:now|set to|still))?(?=[ \t]))[ \t]{0,3}"
)
_VALUE = (
    r"(?:\"(?P<d>(?:\\.|[^\"\\\n]){3,512})\"|'(?P<s>(?:\\.|[^'\\\n]){3,512})'|`(?P<t>[^`\n]{3,512})`"
    r"|(?P<bare>[^\s\"'`,;，。；、）】》”’<>{}\[\]()]{4,512}))"
)
_BESIDE = r"(?:密码|密碼|口令)[ ]{0,2}(?P<beside>(?=[!-~]{0,63}[0-9])[!-~]{6,64})"  # Chinese needs no sign: `密码12345678`
_WORDS = re.compile(rf"(?:(?P<strong>{_STRONG})|(?P<weak>{_WEAK})){_GIVES}{_VALUE}|{_BESIDE}", re.IGNORECASE)
_KEY_OF = re.compile(r"(?:api|access|secret|private|auth|app|account|encryption|signing|client|shared|master|bot)[ _-]?$", re.IGNORECASE)
_NOT_VALUES = re.compile(
    r"^(?:\$|%|\*+$|\.{2,}|x{3,}$|your|my[-_]|example|changeme|none$|null$|nil$|true$|false$|undefined$|!vault|required"
    r"|optional|string$|str$|os\.|env\.|process\."
    r"|config\.|self\.|get|input|random|f\"|\\?\[|<|\{|待定|未知|正确|错误|不|无|忘|已|请)",
    re.IGNORECASE,
)


def _said(text: str, found: re.Match[str]) -> Hit | None:
    start = found.start()
    if text[start].islower() and text[start].isascii() and text[start - 1 : start].isalpha() and text[start - 1].isascii():
        return None  # `compass`, `monkey`; but `dbPassword` and `DB_PASSWORD` are what they say
    if found["weak"] and found["weak"].lower().startswith("key") and not _KEY_OF.search(text[max(0, start - 16) : start]):
        return None
    name = next(group for group in ("d", "s", "t", "bare", "beside") if found[group] is not None)
    value = found[name]
    if _NOT_VALUES.match(value.strip()) or not value.strip():
        return None
    mixed = any(c.isdigit() for c in value) + any(c.isalpha() for c in value) + any(not c.isalnum() for c in value)
    if found["weak"]:
        if len(value) < 8 or " " in value.strip() or mixed < 2 or not any(c.isdigit() for c in value):
            return None
    elif name == "bare":
        value = value.rstrip(".?:：？！")  # `!` may well be part of it
        if len(value) < 4 or (mixed < 2 and not value.isdigit()) or (value.isdigit() and len(value) < 4):
            return None
        if not any(c.isdigit() for c in value) and not any(c in "!@#$%^&*+=~" for c in value):
            return None  # an ordinary word: `password: required-field`
    elif " " in value and found["weak"]:
        return None
    start = found.start(name)
    return Hit(start, start + len(value), HINTED if found["weak"] else LIKELY)


def _private_key(text: str, found: re.Match[str]) -> Hit | None:
    close = f"-----END {found['kind']}-----"
    end = text.find(close, found.end(), found.end() + _PEM_CHARACTERS_MAX)
    if end >= 0:
        return Hit(found.start(), end + len(close), CERTAIN)
    body = _PEM_BODY.match(text, found.end())
    return Hit(found.start(), body.end() if body is not None else found.end(), CERTAIN)


def _key(text: str, found: re.Match[str]) -> Hit | None:
    value = found[0]
    # A name in kebab case (`sk-learn-intro-to-text`) has neither digits nor capitals after its prefix.
    if not any(c.isdigit() or c.isupper() for c in value[8:]):
        return None
    return Hit(found.start(), found.end(), CERTAIN)


def _zhipu(text: str, found: re.Match[str]) -> Hit | None:
    head = _ZHIPU_HEAD.search(text, max(0, found.start() - 33), found.start())
    return None if head is None else Hit(head.start(), found.end(), CERTAIN)


def _bearer(_: str, found: re.Match[str]) -> Hit | None:
    if not any(c.isdigit() for c in found["value"]):  # `basic understanding`
        return None
    return Hit(found.start("value"), found.end("value"), LIKELY)


def recognizers() -> tuple[Recognizer, ...]:
    def unit(
        name: str, what: str, gates: tuple[str, ...], pattern: re.Pattern[str], check: Check,
        *, contextual: bool = False, before: int = 0, after: int = 0, digits: int = 0, words: tuple[str, ...] = (),
        led: bool = False,
    ) -> Recognizer:  # fmt: skip
        return Recognizer(
            name=name, type="SECRET", category=None, jurisdiction="", what=what, gates=gates, before=before, after=after,
            pattern=pattern, check=check, contextual=contextual or bool(words), words=words, led=led,
            digits=digits,
        )  # fmt: skip

    keys = re.compile(r"(?<![A-Za-z0-9_])(?:" + "|".join(_KEYS) + r")(?![A-Za-z0-9])")
    return (
        unit("private_key", "PEM and PGP private keys, also cut short", ("-----begin ",), _PEM, _private_key),
        unit(
            "api_key",
            "keys and tokens with an issuer's prefix (OpenAI, Alibaba, AWS, Google, GitHub, Slack, …)",
            _KEY_GATES,
            keys,
            _key,
            digits=1,
        ),
        unit(
            "webhook",
            "the secret in the address of a chat webhook (Slack, Discord, DingTalk, Feishu, WeCom)",
            ("hooks.slack.com/", "/api/webhooks/", "/bot/v2/hook/", "robot/send?", "webhook/send?"),
            _HOOK,
            whole(CERTAIN, "value"),
            before=40,
            after=200,
        ),
        unit("api_key_zhipu", "Zhipu keys: 32 hexadecimal places, a dot, 16 letters and digits", (), _ZHIPU, _zhipu),
        unit(
            "code",
            "one-time and card codes after `OTP`, `CVV`, `验证码` and the like",
            (),
            _CODE,
            whole(LIKELY, "value"),
            words=(
                "otp",
                "code",
                "passcode",
                "password",
                "cvv",
                "cvv2",
                "cvc",
                "cvc2",
                "验证码",
                "驗證碼",
                "校验码",
                "动态码",
                "動態碼",
                "安全码",
                "取件码",
                "認証コード",
                "인증번호",
            ),
            before=24,
            after=48,
        ),
        unit(
            "code_ahead",
            "a code before `is your … code`, `是验证码`",
            (),
            _CODE_AHEAD,
            _code_ahead,
            before=96,
            after=12,
            words=("code", "password", "passcode", "otp", "验证码", "驗證碼", "校验码", "动态码"),
        ),
        unit("bot_token", "Telegram bot tokens", (":aa",), _BOT, whole(CERTAIN), before=11, after=48, digits=1),
        unit("jwt", "JSON Web Tokens", ("eyj",), _JWT, whole(CERTAIN), digits=1),
        unit("authorization", "what follows `Bearer` or `Basic`", (), _BEARER, _bearer, words=("bearer", "basic"), led=True),
        unit("connection_string", "user and password in a URL", ("://",), _URL, whole(CERTAIN, "value"), contextual=True),
        unit(
            "password",
            "the value after `password`, `api key`, `token`, `密码`, `密钥` and the like",
            _WORD_GATES,
            _WORDS,
            _said,
            contextual=True,
        ),
    )
