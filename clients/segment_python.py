"""Does segment-analytics-python work as it is? Every call, compressed."""
import os

import segment.analytics as client

client.write_key = "client-write-key"
client.host = os.environ["RAPPORT_URL"]
client.gzip = True
errors = []
client.on_error = lambda error, items: errors.append(error)

user = "segment-python"
client.identify(user, {"plan": "pro"})
products = [{"product_id": "p1", "price": 9.9, "quantity": 1}]
client.track(user, "Order Completed", {"order_id": "1", "revenue": 9.9, "currency": "EUR", "products": products})
client.page(user, "Docs", "Home")
client.screen(user, "Start")
client.group(user, "group-1", {"seats": 3})
client.alias("segment-python-before", user)
client.flush()
assert not errors, errors
