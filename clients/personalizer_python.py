"""Ranking and rewards through Azure Personalizer's own client, unmodified, from Python."""
import os
import uuid

from azure.cognitiveservices.personalizer import PersonalizerClient
from azure.cognitiveservices.personalizer.models import ErrorResponseException, RankableAction, RankRequest
from msrest.authentication import CognitiveServicesCredentials
from msrest.exceptions import HttpOperationError

client = PersonalizerClient(os.environ["RAPPORT_URL"], CognitiveServicesCredentials(os.environ["SERVER_KEY"]))
actions = [
    RankableAction(id="news", features=[{"length": "short"}, {"minutes": 3}]),
    RankableAction(id="essay", features=[{"length": "long"}, {"minutes": 30}]),
    RankableAction(id="scores", features=[{"length": "short"}]),
]
context = [{"time": "morning"}, {"device": {"type": "mobile"}}]


def rank(event=None, **others):
    answer = client.rank(RankRequest(context_features=context, actions=actions, event_id=event, **others))
    assert abs(sum(action.probability for action in answer.ranking) - 1) < 1e-9, answer
    assert {action.id for action in answer.ranking} == {"news", "essay", "scores"}, answer
    return answer


event = str(uuid.uuid4())
first = rank(event)
assert first.event_id == event and first.reward_action_id in {"news", "essay", "scores"}
assert rank(event).reward_action_id == first.reward_action_id
client.events.reward(event, 1.0)
client.events.reward(event, 0.5)
later = rank(None, defer_activation=True, excluded_actions=["news"])
assert later.reward_action_id != "news"
client.events.activate(later.event_id)
client.events.reward(later.event_id, 0.0)

many = [RankableAction(id=str(at), features=[{"at": at}]) for at in range(51)]
try:
    client.rank(RankRequest(actions=many))
except ErrorResponseException as refused:
    assert refused.error.error.code == "BadRequest", refused
else:
    raise AssertionError("51 actions")
try:
    client.events.reward("never", 1.0)
except HttpOperationError as refused:
    assert refused.response.status_code == 404, refused
else:
    raise AssertionError("an unknown event")
