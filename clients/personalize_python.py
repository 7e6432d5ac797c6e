"""Recommendations, ranking, actions and events through Amazon's own client, unmodified, from Python."""
import os
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# The access key is a key of this server; what it is signed with is not looked at.
access = {
    "endpoint_url": os.environ["RAPPORT_URL"],
    "region_name": "eu-central-1",
    "aws_access_key_id": os.environ["SERVER_KEY"],
    "aws_secret_access_key": "unused",
    "config": Config(retries={"max_attempts": 1}),
}
runtime = boto3.client("personalize-runtime", **access)
events = boto3.client("personalize-events", **access)
campaign = "arn:aws:personalize:eu-central-1:123456789012:campaign/home"
dataset = "arn:aws:personalize:eu-central-1:123456789012:dataset/shop/ITEMS"

events.put_items(datasetArn=dataset, items=[{"itemId": "personalize-tea", "properties": '{"genres": "drinks|hot", "title": "Tea"}'}])
events.put_users(datasetArn=dataset, users=[{"userId": "personalize-python", "properties": '{"plan": "pro"}'}])
answer = runtime.get_recommendations(campaignArn=campaign, userId="personalize-python", numResults=5)
assert isinstance(answer["itemList"], list) and answer["recommendationId"]
told = {"eventId": "1", "eventType": "Watch", "itemId": "personalize-tea", "sentAt": time.time(), "recommendationId": answer["recommendationId"]}
events.put_events(trackingId="t", userId="personalize-python", sessionId="s", eventList=[told])
ranked = runtime.get_personalized_ranking(campaignArn=campaign, userId="personalize-python", inputList=["personalize-tea", "other"])
assert {item["itemId"] for item in ranked["personalizedRanking"]} == {"personalize-tea", "other"}
actions = runtime.get_action_recommendations(campaignArn=campaign, userId="personalize-python", numResults=5)
assert {action["actionId"] for action in actions["actionList"]} == {"join", "renew"}, actions
assert all(0 <= action["score"] <= 1 for action in actions["actionList"]), actions
first = actions["actionList"][0]["actionId"]
interaction = {"actionId": first, "userId": "personalize-python", "sessionId": "s", "timestamp": time.time()}
interaction["recommendationId"] = actions["recommendationId"]
for what in ["Viewed", "Taken"]:
    told = interaction | {"eventType": what, "eventId": what}
    events.put_action_interactions(trackingId="t", actionInteractions=[told])
of_actions = "arn:aws:personalize:eu-central-1:123456789012:dataset/shop/ACTIONS"
events.put_actions(datasetArn=of_actions, actions=[{"actionId": "join", "properties": '{"value": 5}'}])
for call, error in [
    (lambda: runtime.get_action_recommendations(campaignArn=campaign), "InvalidInputException"),
    (lambda: events.put_actions(datasetArn=of_actions, actions=[{"actionId": "unheard"}]), "InvalidInputException"),
    (lambda: runtime.get_recommendations(campaignArn=campaign), "InvalidInputException"),
    (lambda: events.put_items(datasetArn=dataset, items=[{"itemId": "a", "properties": "no"}]), "InvalidInputException"),
]:
    try:
        call()
    except ClientError as refused:
        assert refused.response["Error"]["Code"] == error, refused
    else:
        raise AssertionError(error)
