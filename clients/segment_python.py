"""Every call through Segment's library, compressed, and a decision through urllib, from Python."""
import json
import os
import urllib.request

import segment.analytics as analytics

url = os.environ["RAPPORT_URL"]
analytics.write_key = os.environ["WRITE_KEY"]
analytics.host = url
analytics.gzip = True
errors = []
analytics.on_error = lambda error, items: errors.append(error)

user = "segment-python"
products = [{"product_id": "p1", "price": 9.9, "quantity": 1}]
analytics.identify(user, {"plan": "pro"})
analytics.track(user, "Order Completed", {"order_id": "1", "revenue": 9.9, "currency": "EUR", "products": products})
analytics.page(user, "Docs", "Home")
analytics.screen(user, "Start")
analytics.group(user, "group-1", {"seats": 3})
analytics.alias("segment-python-before", user)
analytics.flush()
assert not errors, errors

request = urllib.request.Request(
    f"{url}/v1/decide",
    data=json.dumps({"decision": "recommend", "userId": user, "n": 5}).encode(),
    headers={"Authorization": f"Bearer {os.environ['SERVER_KEY']}"},
)
with urllib.request.urlopen(request, timeout=5) as answer:
    print(json.load(answer)["items"])
