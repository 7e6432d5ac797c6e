"""Everything that Gorse's own client can ask, unmodified, from Python."""
import os
from datetime import datetime, timezone

from gorse import Gorse, GorseException

client = Gorse(os.environ["RAPPORT_URL"], os.environ["SERVER_KEY"])
now = datetime.now(timezone.utc).isoformat()


def refused(call, status):
    try:
        call()
    except GorseException as error:
        assert error.status_code == status, error.status_code
    else:
        raise AssertionError(f"{status} was expected")


for name, category in [("gorse-tea", "drinks"), ("gorse-rice", "food")]:
    item = {"ItemId": name, "IsHidden": False, "Categories": [category], "Timestamp": now, "Labels": ["new"], "Comment": name}
    assert client.insert_item(item)["RowAffected"] == 1
assert client.get_item("gorse-tea")["Categories"] == ["drinks"]
assert client.update_item("gorse-tea", comment="Green tea")["RowAffected"] == 1
assert client.get_item("gorse-tea")["Comment"] == "Green tea"
items, _ = client.get_items(100)
assert {"gorse-tea", "gorse-rice"} <= {item["ItemId"] for item in items}
assert client.search_items("gorse-rice")[0]["ItemId"] == "gorse-rice"

assert client.insert_user({"UserId": "gorse-python", "Labels": ["a"], "Comment": ""})["RowAffected"] == 1
assert client.insert_users([{"UserId": "gorse-python-2"}])["RowAffected"] == 1
assert client.get_user("gorse-python")["Labels"] == ["a"]
assert isinstance(client.get_users(5)[0], list)

assert client.insert_feedback("star", "gorse-python", "gorse-tea", now)["RowAffected"] == 1
more = [{"FeedbackType": "read", "UserId": "gorse-python", "ItemId": "gorse-rice", "Timestamp": now}]
assert client.insert_feedbacks(more)["RowAffected"] == 1
assert [one["ItemId"] for one in client.list_feedbacks("star", "gorse-python")] == ["gorse-tea"]

assert all(one.id and one.score >= 0 for one in client.get_recommend("gorse-python", n=2))
assert [one.id for one in client.get_recommend("gorse-python", category="food")] in (["gorse-rice"], [])
assert isinstance(client.session_recommend(more), list)
assert isinstance(client.get_neighbors("gorse-tea"), list)

refused(lambda: client.get_item("gorse-none"), 404)
refused(lambda: client.get_feedbacks(10), 501)
refused(lambda: client.delete_feedback("gorse-python", "gorse-tea"), 501)
refused(lambda: Gorse(os.environ["RAPPORT_URL"], "wrong").get_item("gorse-tea"), 401)
assert client.delete_item("gorse-rice")["RowAffected"] == 1
assert client.get_item("gorse-rice")["IsHidden"]
assert client.delete_user("gorse-python-2")["RowAffected"] == 1
