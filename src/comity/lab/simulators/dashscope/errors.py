# SPDX-License-Identifier: Apache-2.0
"""What is refused, with the status, code and words that the documentation gives it.

https://help.aliyun.com/en/model-studio/error-code-start; the older list, with a status beside each code, is
https://www.alibabacloud.com/help/en/model-studio/developer-reference/error-code
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from comity.lab.simulators.answer import Trouble


class Refusal(NamedTuple):
    status: int
    code: str
    message: str


DOCUMENTED: Mapping[str, Refusal] = {
    refusal.code: refusal
    for refusal in (
        Refusal(400, "InvalidParameter", "Required parameter(s) missing or invalid, please check the request parameters."),
        Refusal(400, "BadRequest.EmptyInput", 'Required input parameter "input" missing from request.'),
        Refusal(400, "BadRequest.EmptyParameters", 'Required parameter "parameters" missing from request.'),
        Refusal(400, "BadRequest.EmptyModel", 'Required parameter "model" missing from request.'),
        Refusal(400, "InvalidURL", "Invalid URL provided in your request."),
        Refusal(400, "Arrearage", "Access denied, please make sure your account is in good standing."),
        Refusal(400, "UnsupportedOperation", "The operation is unsupported on the referee object."),
        Refusal(400, "DataInspectionFailed", "Input or output data may contain inappropriate content."),
        Refusal(401, "InvalidApiKey", "Invalid API-key provided."),
        Refusal(403, "AccessDenied", "Access denied."),
        Refusal(403, "AccessDenied.Unpurchased", "Access to model denied. Please make sure you are eligible for using the model."),
        Refusal(403, "Workspace.AccessDenied", "Workspace access denied."),
        Refusal(403, "Model.AccessDenied", "Model access denied."),
        Refusal(403, "AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted."),
        Refusal(404, "ModelNotFound", "Model can not be found."),
        Refusal(404, "WorkSpaceNotFound", "WorkSpace can not be found."),
        Refusal(413, "BadRequest.TooLarge", "Payload Too Large"),
        Refusal(429, "Throttling", "Requests throttling triggered."),
        Refusal(429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
        Refusal(429, "Throttling.BurstRate", "Request rate increased too quickly. Please scale requests more smoothly over time."),
        Refusal(429, "Throttling.AllocationQuota", "Allocated quota exceeded, please increase your quota limit."),
        Refusal(500, "InternalError", "An internal error has occured, please try again later or contact service support."),
        Refusal(500, "InternalError.Algo", "An internal error has occured during execution, please try again later."),
        Refusal(500, "SystemError", "An system error has occured, please try again later."),
        Refusal(500, "RequestTimeOut", "Request timed out, please try again later."),
        Refusal(503, "ModelServingError", "Too many requests. Your requests are being throttled due to system capacity limits."),
        Refusal(503, "ModelUnavailable", "Model is unavailable, please try again later."),
    )
}  # fmt: skip

CODES = {
    "key": "InvalidApiKey",
    "forbidden": "AccessDenied",
    "path": "InvalidParameter",
    "host": "InvalidURL",
    "body": "InvalidParameter",
    "too_large": "BadRequest.TooLarge",
    "parameter": "InvalidParameter",
    "model": "ModelNotFound",
    "rate": "Throttling.RateQuota",
    "quota": "Arrearage",
    "inspection": "DataInspectionFailed",
    "server": "InternalError",
    "overloaded": "ModelServingError",
    "timeout": "RequestTimeOut",
}
WORDS = {
    "path": "url error, please check url!",
    "body": "Required body invalid, please check the request body format.",
}
OWN_WORDS = frozenset({"parameter", "inspection"})
"""Kinds whose message says what was wrong; the others are told in the documentation's words."""

URL_ERROR = WORDS["path"]
INPUT_INSPECTED = "Input data may contain inappropriate content."
OUTPUT_INSPECTED = "Output data may contain inappropriate content."
ONLY_ASYNC = "current user api does not support synchronous calls."
ONLY_SYNC = "current user api does not support asynchronous calls."
NOT_DOWNLOADED = "The audio file cannot be downloaded."


def refusal(trouble: Trouble) -> Refusal:
    """The trouble as Model Studio tells it: its own words where it was met here, else those documented for its code."""
    code = trouble.code or CODES[trouble.kind]
    known = DOCUMENTED.get(code, Refusal(400, code, str(trouble)))
    own = trouble.kind in OWN_WORDS and not trouble.status  # a status is asked for by a fault only
    return Refusal(trouble.status or known.status, code, str(trouble) if own else WORDS.get(trouble.kind, known.message))


def invalid(message: str, field: str = "") -> Trouble:
    """A parameter that the model's own check refuses."""
    return Trouble("parameter", f"<400> InternalError.Algo.InvalidParameter: {message}", field=field)


def refused(code: str, message: str = "") -> Trouble:
    """A refusal by its documented code, in other words where some are known."""
    return Trouble("parameter", message or DOCUMENTED[code].message, code=code)
