"""Does rudder-sdk-python work as it is? It takes only status 200 for success."""
import os

import rudderstack.analytics as client

client.write_key = os.environ["WRITE_KEY"]
client.dataPlaneUrl = os.environ["RAPPORT_URL"]
client.gzip = True
errors = []
client.on_error = lambda error, items: errors.append(error)

client.identify("rudder-python", {"plan": "free"})
client.track("rudder-python", "Product Viewed", {"product_id": "p1"})
client.flush()
assert not errors, errors
