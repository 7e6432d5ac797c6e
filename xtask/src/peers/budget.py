"""A solver of whole programs on the instances that the example `budget_peer` of `models` is given.

`budget.py write FILE` writes instances of 200 customers and 5 offers. `budget.py judge FILE` reads our answers from the standard input,
solves each exactly and prints a line of JSON: how far we are from the best, in parts of the largest worth of an offer.
"""

import json
import sys
import time

import numpy

N_INSTANCES = 20
N_CUSTOMERS, N_OFFERS = 200, 5


def write(path):
    random = numpy.random.default_rng(1)
    instances = []
    for _ in range(N_INSTANCES):
        # Larger discounts cost more and bring more, to some; what they bring is net of what they cost.
        cost = numpy.sort(random.uniform(1, 10, (N_CUSTOMERS, N_OFFERS)), axis=1)
        worth = random.lognormal(0.5, 1, (N_CUSTOMERS, 1)) * numpy.sqrt(cost) * random.uniform(0.5, 1.5, cost.shape) - cost
        budget = random.uniform(0.05, 0.5) * cost.mean() * N_CUSTOMERS
        instances.append(
            {"worth": worth.ravel().tolist(), "cost": cost.ravel().tolist(), "n_offers": N_OFFERS, "budget": float(budget)}
        )
    with open(path, "w") as file:
        json.dump(instances, file)


def judge(path):
    import scipy
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import kron, identity

    with open(path) as file:
        instances = json.load(file)
    gaps, spent, ours_seconds, their_seconds = [], [], [], []
    one_each = LinearConstraint(kron(identity(N_CUSTOMERS), numpy.ones((1, N_OFFERS))), ub=1)
    for instance, ours in zip(instances, json.load(sys.stdin), strict=True):
        worth, cost = numpy.array(instance["worth"]), numpy.array(instance["cost"])
        within = LinearConstraint(cost[None, :], ub=instance["budget"])
        started = time.perf_counter()
        best = milp(-worth, integrality=numpy.ones_like(worth), bounds=Bounds(0, 1), constraints=[one_each, within], options={"mip_rel_gap": 0})
        their_seconds.append(time.perf_counter() - started)
        assert best.success, best.message
        assert ours["bound"] >= -best.fun - 1e-6, "the bound is below the best"
        gaps.append((-best.fun - ours["worth"]) / worth.max())
        spent.append(ours["spent"] / instance["budget"])
        ours_seconds.append(ours["seconds"])
    print(
        json.dumps(
            {
                "instances": len(gaps),
                "gap_in_largest_offers": {"mean": round(float(numpy.mean(gaps)), 4), "max": round(max(gaps), 4)},
                "spent_of_budget_max": max(spent),
                "seconds": {"ours": float(numpy.mean(ours_seconds)), "milp": float(numpy.mean(their_seconds))},
                "version": scipy.__version__,
            }
        )
    )


if sys.argv[1] == "write":
    write(sys.argv[2])
else:
    judge(sys.argv[2])
