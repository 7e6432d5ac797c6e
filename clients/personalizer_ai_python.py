"""Ranking and rewards through the newer of Azure Personalizer's own clients, unmodified, from Python."""
import os
import uuid

from azure.ai.personalizer import PersonalizerClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import RetryPolicy

client = PersonalizerClient(
    os.environ["RAPPORT_URL"],
    AzureKeyCredential(os.environ["SERVER_KEY"]),
    retry_policy=RetryPolicy.no_retries(),
)
event = str(uuid.uuid4())
request = {
    "contextFeatures": [{"time": "evening"}],
    "actions": [{"id": "news", "features": [{"length": "short"}]}, {"id": "essay", "features": [{"length": "long"}]}],
    "eventId": event,
    "deferActivation": True,
}
answer = client.rank(request)
assert answer["eventId"] == event and answer["rewardActionId"] in {"news", "essay"}, answer
assert abs(sum(action["probability"] for action in answer["ranking"]) - 1) < 1e-9, answer
client.activate(event)
client.reward(event, {"value": 1.0})
for call, error in [
    (lambda: client.reward("never", {"value": 1.0}), ResourceNotFoundError),
    (lambda: client.rank({"actions": []}), HttpResponseError),
]:
    try:
        call()
    except error:
        pass
    else:
        raise AssertionError(error)
