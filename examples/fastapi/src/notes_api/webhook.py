"""Tell another service about a change: the address is in ``WEBHOOK_URL``."""

import logging
import os
import ssl
import urllib.error
import urllib.request

from notes_api.models import Change

TIMEOUT = 5.0  # seconds
log = logging.getLogger("uvicorn.error")


def notify(change: Change) -> None:
    """Post `change` as JSON; a failure is logged and goes no further."""
    url = os.environ.get("WEBHOOK_URL")
    if not url:
        return
    request = urllib.request.Request(
        url,
        data=change.model_dump_json().encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        context = ssl.create_default_context()
        urllib.request.urlopen(request, timeout=TIMEOUT, context=context).close()
    except (urllib.error.URLError, TimeoutError) as error:
        log.warning("webhook: %s", error)
