"""Every type of flag through OpenFeature's own client and its OFREP provider, unmodified, from Python."""
import os

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason


def client(key):
    url = os.environ["RAPPORT_URL"]
    api.set_provider(OFREPProvider(url, headers_factory=lambda: {"Authorization": f"Bearer {key}"}))
    return api.get_client()


flags = client(os.environ["SERVER_KEY"])
pro = EvaluationContext("ofrep-python", {"plan": "pro"})
free = EvaluationContext("ofrep-python", {"plan": "free"})

assert flags.get_string_value("checkout", "x", pro) == "pro"
assert flags.get_float_value("price", 9.9, pro) == 0.5
assert flags.get_float_value("price", 9.9, free) == 1.0
assert flags.get_integer_value("limit", 0, pro) == 7
assert flags.get_object_value("menu", {}, pro) == {"items": []}
assert flags.get_boolean_details("login", False, pro).reason == Reason.STATIC

drawn = flags.get_string_details("checkout", "x", free)
assert drawn.reason == Reason.SPLIT and drawn.variant in ("control", "bold"), drawn
assert drawn.value == {"control": "A", "bold": "B"}[drawn.variant]
assert flags.get_string_details("checkout", "x", free).variant == drawn.variant

off = flags.get_boolean_details("off", True, pro)
assert (off.value, off.reason) == (True, Reason.DISABLED), "what is off has the value of the code"

unknown = flags.get_boolean_details("chekout", True, pro)
assert (unknown.value, unknown.error_code) == (True, ErrorCode.FLAG_NOT_FOUND), unknown
assert "did you mean" in unknown.error_message
odd = flags.get_boolean_details("a/b c?d", True, pro)
assert odd.error_code == ErrorCode.FLAG_NOT_FOUND, odd
mismatch = flags.get_integer_details("checkout", 3, pro)
assert (mismatch.value, mismatch.error_code) == (3, ErrorCode.TYPE_MISMATCH), mismatch
nobody = flags.get_string_details("checkout", "x", EvaluationContext(None, {"plan": "pro"}))
assert (nobody.value, nobody.error_code) == ("x", ErrorCode.TARGETING_KEY_MISSING), nobody
refused = client(os.environ["WRITE_KEY"]).get_string_details("checkout", "x", pro)
assert (refused.value, refused.error_code) == ("x", ErrorCode.GENERAL), refused
