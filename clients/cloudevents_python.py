"""A CloudEvent in binary and in structured mode through the CloudEvents library, from Python."""
import json
import os
import urllib.request
from datetime import datetime, timezone

from cloudevents.core.bindings.http import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent


def event(n):
    attributes = {
        "id": f"order-{n}",
        "source": "/shop/orders",
        "type": "Order Completed",
        "subject": "cloudevents-python",
        "time": datetime.now(timezone.utc),
        "datacontenttype": "application/json",
        "specversion": "1.0",
    }
    return CloudEvent(attributes, {"order_id": f"{n}", "total": 9.9, "currency": "EUR", "note": "süß & 50 %"})


for n, write in enumerate([to_binary, to_structured]):
    message = write(event(n), JSONFormat())
    request = urllib.request.Request(
        f"{os.environ['RAPPORT_URL']}/v1/cloudevents",
        data=message.body,
        headers={**message.headers, "Authorization": f"Bearer {os.environ['SERVER_KEY']}"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert json.load(answer)["accepted"] == 1
