# SPDX-License-Identifier: Apache-2.0
"""What each speaker of the dialect says when it refuses: status, type and code of every kind of trouble.

OpenAI        https://developers.openai.com/docs/guides/error-codes; types and codes as https://www.developersdigest.tech/errors/api/openai-api
              lists them from it; `invalid_prompt` as quoted in https://github.com/BeehiveInnovations/pal-mcp-server/issues/178
Model Studio  https://help.aliyun.com/en/model-studio/error-code-start and …/developer-reference/error-code; the forms as in
              tests/recorded/alibaba.  The copies that were read end before the rows of `limit_requests`, `ModelServingError` and
              `RequestTimeOut`: those three still have to be held against the service itself
vLLM          https://github.com/vllm-project/vllm/pull/22099 and issues/3906: an error object whose code is the status
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from comity.lab.simulators.answer import Answer, Request, Trouble, event, whole

Speaker = Literal["openai", "model-studio", "vllm"]


class Told(NamedTuple):
    status: int
    type: str
    code: str | None
    message: str = ""  # else the trouble's own


INVALID = "invalid_request_error"
OPENAI = {
    "key": Told(401, INVALID, "invalid_api_key"),
    "forbidden": Told(403, "request_forbidden", "unsupported_country_region_territory", "Country, region, or territory not supported"),
    "path": Told(404, INVALID, None),
    "host": Told(421, INVALID, None),
    "body": Told(400, INVALID, None),
    "parameter": Told(400, INVALID, None),
    "model": Told(404, INVALID, "model_not_found", "The model does not exist or you do not have access to it."),
    "too_large": Told(413, INVALID, None),
    "rate": Told(429, "rate_limit_error", "rate_limit_exceeded", "Rate limit reached for requests."),
    "quota": Told(
        429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your plan and billing details."
    ),
    "inspection": Told(
        400, INVALID, "invalid_prompt", "Invalid prompt: your prompt was flagged as potentially violating our usage policy."
    ),
    "server": Told(500, "server_error", None, "The server had an error while processing your request."),
    "overloaded": Told(503, "service_unavailable_error", "server_is_overloaded", "The server is overloaded."),
    "timeout": Told(504, "server_error", None, "The request took too long."),
}
MODEL_STUDIO = OPENAI | {
    "forbidden": Told(403, "access_denied", "access_denied", "Access denied."),
    "rate": Told(429, "limit_requests", "limit_requests", "You exceeded your current requests list."),
    "quota": Told(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
    "inspection": Told(400, "data_inspection_failed", "data_inspection_failed"),
    "server": Told(
        500, "internal_error", "internal_error", "An internal error has occured, please try again later or contact service support."
    ),
    "overloaded": Told(
        503, "ModelServingError", "ModelServingError", "Too many requests. Your requests are being throttled due to system capacity limits."
    ),
    "timeout": Told(500, "RequestTimeOut", "RequestTimeOut", "Request timed out, please try again later."),
}
VLLM_TYPES = {400: "BadRequestError", 401: "AuthenticationError", 403: "PermissionDeniedError", 404: "NotFoundError", 429: "RateLimitError"}
VLLM = {kind: told._replace(type=VLLM_TYPES.get(told.status, "InternalServerError"), code=None) for kind, told in OPENAI.items()}
TABLES: dict[Speaker, dict[str, Told]] = {"openai": OPENAI, "model-studio": MODEL_STUDIO, "vllm": VLLM}


def error(trouble: Trouble, request: Request, speaker: Speaker) -> Answer:
    told = TABLES[speaker][trouble.kind]
    headers = {"x-request-id": request_id(request, speaker)}
    if trouble.retry_after is not None:
        headers["retry-after"] = f"{trouble.retry_after:g}"
    if trouble.kind == "key":
        headers["www-authenticate"] = "Bearer"
    return whole(body(trouble, request, speaker), status=trouble.status or told.status, headers=headers)


def error_event(trouble: Trouble, request: Request, speaker: Speaker) -> bytes:
    """A stream of chat ends in an object with `error`, one of Responses in its event `error`."""
    held = body(trouble, request, speaker)
    if not request.path.endswith("/responses"):
        return event(held)
    inner = held["error"]
    return event(
        {"type": "error", "code": inner["code"], "message": inner["message"], "param": inner["param"], "sequence_number": 0}, name="error"
    )  # fmt: skip


def body(trouble: Trouble, request: Request, speaker: Speaker) -> dict[str, Any]:
    told = TABLES[speaker][trouble.kind]
    code: str | int | None = trouble.code or told.code
    if speaker == "vllm":
        code = trouble.status or told.status
    made: dict[str, Any] = {
        "error": {"message": told.message or str(trouble), "type": told.type, "param": trouble.field or None, "code": code}
    }  # fmt: skip
    if speaker == "model-studio":
        made["request_id"] = request_id(request, speaker)
        if trouble.kind == "inspection":
            made["id"] = f"chatcmpl-{made['request_id']}"
    return made


def request_id(request: Request, speaker: Speaker) -> str:
    if speaker == "openai":
        return f"req_{request.id}"
    return "-".join((request.id[:8], request.id[8:12], request.id[12:16], request.id[16:20], request.id[20:32]))
