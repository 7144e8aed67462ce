# SPDX-License-Identifier: Apache-2.0
"""Files that the simulator keeps for a while: uploads behind `oss://`, and what tasks and speech leave at an address.

https://www.alibabacloud.com/help/en/model-studio/get-temporary-file-url: an upload's policy, the form sent to the store, 48 hours, and
one model that may read it, only where the header `X-DashScope-OssResourceResolve: enable` comes along.  Addresses of answers live 24 hours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import OrderedDict
from typing import NamedTuple

import msgspec

from comity.lab.simulators import brain, media
from comity.lab.simulators.answer import Answer, Request, Trouble, encode, whole
from comity.lab.simulators.dashscope import errors, wire
from comity.lab.simulators.openai.fields import form

UPLOAD_SECONDS, ANSWER_SECONDS, POLICY_SECONDS = 48 * 3600, 24 * 3600, 300
KEPT_MAX, UPLOAD_MB_MAX = 64, 32
STORE, SHOWN = "/_oss", "/_files/"
SECRET = b"the lab signs what it will take"


class Kept(NamedTuple):
    data: bytes
    content_type: str
    until: float
    model: str = ""


class Shelf:
    """The newest files, by name."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def put(self, name: str, kept: Kept) -> None:
        self._kept[name] = kept
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)

    def _get(self, name: str, at: float) -> Kept | None:
        kept = self._kept.get(name)
        return kept if kept is not None and at < kept.until else None

    # -- answers ------------------------------------------------------------------------------------------------------

    def show(self, request: Request, data: bytes, *, ending: str, content_type: str) -> str:
        """An address at which ``data`` is served without a key, as signed addresses of a store are."""
        name = SHOWN + f"{hashlib.sha256(request.id.encode() + data).hexdigest()[:32]}.{ending}"
        self.put(name, Kept(data, content_type, request.at + ANSWER_SECONDS))
        return request.base + name

    def serve(self, request: Request) -> Answer:
        kept = self._get(request.path, request.at)
        if kept is None:
            return Answer(status=404, headers={"content-type": "application/xml"}, pieces=(b"<Error><Code>NoSuchKey</Code></Error>",))
        return Answer(headers={"content-type": kept.content_type}, pieces=(kept.data,))

    # -- uploads ------------------------------------------------------------------------------------------------------

    def policy(self, request: Request) -> Answer:
        """`GET /uploads?action=getPolicy&model=…`."""
        model = request.query.get("model", "")
        if request.query.get("action") != "getPolicy" or not model:
            raise errors.refused("InvalidParameter")
        wire.family(model)
        folder = f"dashscope-instant/lab/{request.id}"
        policy = base64.b64encode(encode({"until": request.at + POLICY_SECONDS, "folder": folder, "model": model})).decode()
        data = {
            "policy": policy,
            "signature": _signed(policy),
            "upload_dir": folder,
            "upload_host": request.base + STORE,
            "expire_in_seconds": POLICY_SECONDS,
            "max_file_size_mb": UPLOAD_MB_MAX,
            "capacity_limit_mb": 999_999_999,
            "oss_access_key_id": "lab",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        }
        return whole({"request_id": wire.uuid(request.id), "data": data})

    def take(self, request: Request) -> Answer:
        """The form that is sent to the store: the policy's own fields, `key`, and last the file."""
        fields, files = form(request)

        def field(name: str) -> str:
            return fields.get(name, [""])[-1]

        policy, key = field("policy"), field("key")
        if not policy or not hmac.compare_digest(field("Signature").encode(), _signed(policy).encode()):
            return _refuse("SignatureDoesNotMatch", 403)
        granted = msgspec.json.decode(base64.b64decode(policy))  # signed here, so made here
        if request.at >= granted["until"] or not key.startswith(granted["folder"] + "/") or "file" not in files:
            return _refuse("AccessDenied", 403)
        if "oss://" + key in self._kept:
            return _refuse("FileAlreadyExists", 409)
        self.put("oss://" + key, Kept(files["file"], "application/octet-stream", request.at + UPLOAD_SECONDS, granted["model"]))
        return Answer(headers={"content-type": "application/xml"}, pieces=(b"",))

    def fetch(self, request: Request, model: str, address: str) -> bytes | None:
        """What an address holds: `data:`, `oss://` as above, or this simulator's own; None for any other, which nobody asks."""
        if address.startswith("data:"):
            data = media.data_url(address)
            if data is None:
                raise errors.invalid("The provided URL does not appear to be valid. Ensure it is correctly formatted.")
            return data
        if address.startswith("oss://"):
            if request.headers.get("x-dashscope-ossresourceresolve") != "enable":
                raise errors.invalid("The provided URL does not appear to be valid. Ensure it is correctly formatted.")
            kept = self._get(address, request.at)
            if kept is None or kept.model != model:
                raise errors.refused("InvalidParameter", "Failed to download multimodal content")
            return kept.data
        if address.startswith(request.base + SHOWN):
            kept = self._get(address.removeprefix(request.base), request.at)
            return kept.data if kept is not None else None
        if not address.startswith(("http://", "https://")):
            raise errors.invalid("The provided URL does not appear to be valid. Ensure it is correctly formatted.")
        return None

    def heard(self, request: Request, model: str, address: str, *, recorded: bool = False) -> brain.Seen:
        """A sound that must be here, since there is nothing to hear at an address that is not asked; a recording (``recorded``) has one."""
        data = None if recorded and address.startswith("data:") else self.fetch(request, model, address)
        if data is None:
            raise Trouble("parameter", errors.NOT_DOWNLOADED, code="InvalidFile.DownloadFailed")
        return brain.hear(data)


def _signed(policy: str) -> str:
    return base64.b64encode(hmac.digest(SECRET, policy.encode(), "sha1")).decode()


def _refuse(code: str, status: int) -> Answer:
    return Answer(status=status, headers={"content-type": "application/xml"}, pieces=(f"<Error><Code>{code}</Code></Error>".encode(),))
