# SPDX-License-Identifier: Apache-2.0
"""What is refused, with status and words.

Of an operation: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors and
…/userguide/troubleshooting-api-error-codes.html.  Of a signature:
https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html and …/APIReference/CommonErrors.html; the words for a
scope and for an unknown key as callers quote them (aws/aws-sdk-js #4545, vercel/ai #4163).
"""

from __future__ import annotations

from typing import NamedTuple

from comity.lab.simulators.answer import Trouble


class Refusal(NamedTuple):
    status: int
    code: str
    message: str


DOCUMENTED = {
    refusal.code: refusal
    for refusal in (
        Refusal(400, "ValidationException", "The input fails to satisfy the constraints specified by Amazon Bedrock."),
        Refusal(400, "IncompleteSignatureException", "The request signature does not conform to AWS standards."),
        Refusal(400, "ServiceQuotaExceededException", "Your request exceeds the service quota for your account."),
        Refusal(400, "SerializationException", "The body of the request is not valid JSON."),
        Refusal(403, "AccessDeniedException", "You don't have access to the model with the specified model ID."),
        Refusal(403, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided."),
        Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        Refusal(403, "UnrecognizedClientException", "The security token included in the request is invalid."),
        Refusal(404, "ResourceNotFoundException", "The specified resource ARN was not found."),
        Refusal(404, "UnknownOperationException", "The operation is not known."),
        Refusal(408, "ModelTimeoutException", "The request took too long to process."),
        Refusal(413, "RequestEntityTooLargeException", "The request is too large."),
        Refusal(424, "ModelErrorException", "The request failed due to an error while processing the model."),
        Refusal(424, "ModelStreamErrorException", "An error occurred while streaming the response. Retry your request."),
        Refusal(429, "ModelNotReadyException", "The model specified in the request is not ready to serve inference requests."),
        Refusal(429, "ThrottlingException", "Too many requests, please wait before trying again."),
        Refusal(500, "InternalServerException", "An internal server error occurred. Retry your request."),
        Refusal(503, "ServiceUnavailableException", "The service isn't currently available. Try again later."),
    )
}
CODES = {
    "key": "UnrecognizedClientException",
    "forbidden": "AccessDeniedException",
    "path": "UnknownOperationException",
    "host": "InvalidSignatureException",
    "body": "SerializationException",
    "too_large": "RequestEntityTooLargeException",
    "parameter": "ValidationException",
    "model": "ResourceNotFoundException",
    "rate": "ThrottlingException",
    "quota": "ServiceQuotaExceededException",
    "server": "InternalServerException",
    "overloaded": "ServiceUnavailableException",
    "timeout": "ModelTimeoutException",
}
IN_STREAM = frozenset(
    "internalServerException modelStreamErrorException serviceUnavailableException throttlingException validationException".split()  # noqa: SIM905
)
OUT_OF_SCOPE = "Credential should be scoped to a valid region. "
NO_API_KEY = "Authentication failed: Please make sure your API Key is valid."


def refusal(trouble: Trouble) -> Refusal:
    """In its own words where it was met here, else in those documented for its code."""
    code = trouble.code or CODES[trouble.kind]
    known = DOCUMENTED.get(code, Refusal(400, code, str(trouble)))
    own = bool(str(trouble)) and trouble.kind in ("parameter", "key") and not trouble.status  # a status is asked for by a fault only
    return Refusal(trouble.status or known.status, code, str(trouble) if own else known.message)


def in_stream(trouble: Trouble) -> Refusal:
    """By the name that it has among the events, with a small letter; a stream knows five."""
    told = refusal(trouble)
    name = told.code[:1].lower() + told.code[1:]
    return told._replace(code=name if name in IN_STREAM else "modelStreamErrorException")


def signature(message: str, code: str = "InvalidSignatureException") -> Trouble:
    return Trouble("key", message, code=code)


def invalid(message: str) -> Trouble:
    return Trouble("parameter", message)
