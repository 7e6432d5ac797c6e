"""Does the former analytics-python work as it is?"""
import os

import analytics as client

client.write_key = os.environ["WRITE_KEY"]
client.host = os.environ["RAPPORT_URL"]
errors = []
client.on_error = lambda error, items: errors.append(error)

client.identify("segment-python-old", {"plan": "free"})
client.track("segment-python-old", "Clicked", {"button": "buy"})
client.flush()
assert not errors, errors
