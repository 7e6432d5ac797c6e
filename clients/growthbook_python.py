"""Features through GrowthBook's own client, unmodified, from Python: loaded, and evaluated here as the server decides."""
import json
import os
import urllib.request

from growthbook import GrowthBook

url = os.environ["RAPPORT_URL"]


def decided(user):
    body = json.dumps({"decision": "flags", "userId": user, "context": {"plan": "free"}}).encode()
    headers = {"Authorization": f"Bearer {os.environ['SERVER_KEY']}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/decide", body, headers)) as answer:
        return json.load(answer)


def client(user, plan, met):
    flags = GrowthBook(
        api_host=url,
        client_key=os.environ["WRITE_KEY"],
        attributes={"id": user, "plan": plan},
        on_experiment_viewed=lambda experiment, result, **_: met.append((experiment.key, result.key)),
    )
    flags.load_features()
    return flags


variations = set()
for n in range(40):
    user, met = f"growthbook-python-{n}", []
    flags, ours = client(user, "free", met), decided(user)
    assert flags.get_feature_value("checkout", "x") == ours["flags"]["checkout"]["value"], user
    assert met == list(ours["experiments"].items()), (met, ours)
    assert flags.get_feature_value("price", 9.9) == 1.0
    variations.update(met)
assert len(variations) == 2, variations

flags = client("growthbook-python", "pro", [])
assert flags.get_feature_value("checkout", "x") == "pro"
assert flags.get_feature_value("limit", 0) == 7 and not flags.is_on("off") and flags.is_on("login")
assert flags.eval_feature("chekout").source == "unknownFeature"
