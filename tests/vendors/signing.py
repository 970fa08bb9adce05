"""Whether a request to Bedrock is signed as Amazon asks (Signature Version 4), or carries a key of Bedrock's own."""

from __future__ import annotations

import re

KEY_ID = "AKIASCRIPTEDEXAMPLE0"
SECRET = "scripted/secret/key/that/opens/nothing000"
BEARER = "bedrock-api-key-scripted"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/bedrock/aws4_request, "
    r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)


def wrong(method: str, path: str, headers: dict[str, str], body: bytes) -> str | None:
    """What is wrong with the signature; None where it is right."""
    given = headers.get("authorization", "")
    if given == f"Bearer {BEARER}":
        return None
    found = _AUTHORIZATION.fullmatch(given)
    if found is None or found[1] != KEY_ID:
        return "The security token included in the request is invalid."
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    signed = {name: headers.get(name, "") for name in found[3].split(";")}
    request = AWSRequest(method, f"http://{headers['host']}{path}", signed, body)
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(KEY_ID, SECRET), "bedrock", found[2])
    said = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    return None if said == found[4] else "The request signature we calculated does not match the one you provided."
