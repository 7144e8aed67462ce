# SPDX-License-Identifier: Apache-2.0
"""A caller's recording, put where a task can fetch it: the partner's temporary store, for one model, for 48 hours.

https://www.alibabacloud.com/help/en/model-studio/get-temporary-file-url.  The store is another host than the API, so it must be one
that the deployment lists; without that, what can only be fetched cannot be sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from comity.providers.adapters.dashscope.tasks import as_protected
from comity.providers.adapters.dashscope.wire import Line, member
from comity.providers.base import Deployment
from comity.providers.http import HttpAnswer, Outgoing
from comity.providers.multipart import Field, form

Deliver = Callable[[Deployment, str, Outgoing], Awaitable[HttpAnswer]]
"""Sends to an address at one of the deployment's own further hosts, without its key.  Raises ProviderFailure for any other."""
RESOLVES = {"x-dashscope-ossresourceresolve": "enable"}
"""Without it an `oss://` address means nothing."""
_MEMBERS = (
    ("OSSAccessKeyId", "oss_access_key_id"),
    ("Signature", "signature"),
    ("policy", "policy"),
    ("x-oss-object-acl", "x_oss_object_acl"),
    ("x-oss-forbid-overwrite", "x_oss_forbid_overwrite"),
)


async def uploaded(line: Line, sound: bytes, *, ending: str, deliver: Deliver, boundary: Callable[[], str]) -> str:
    """Its `oss://` address.  The caller's own name for the file stays here."""
    model = quote(line.deployment.model, safe="")
    granted = member(await line.get(f"/uploads?action=getPolicy&model={model}"), "data", dict)
    key = f"{member(granted, 'upload_dir', str)}/audio.{ending}"
    fields = [Field(name, member(granted, theirs, str).encode()) for name, theirs in _MEMBERS]
    fields += [Field("key", key.encode()), Field("success_action_status", b"200"), Field("file", sound, f"audio.{ending}")]
    kind, body = form(fields, boundary())  # the file comes last: the store reads no member after it
    out = Outgoing(path="/", body=body, headers={"content-type": kind}, accept=("application/xml", ""))
    answer = await deliver(line.deployment, as_protected(line, member(granted, "upload_host", str)), out)
    await answer.read()
    return f"oss://{key}"
