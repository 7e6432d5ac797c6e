"""LightGBM on the judged queries that the example `rank_peer` of `models` orders: one line of JSON with both sides.

Its answer comes on the standard input: NDCG@10 of every query of the test file, for each of its objectives.
"""

import json
import sys

import lightgbm
import numpy

N_BOOTSTRAPS = 10_000


def read(path):
    grades, queries, rows = [], [], []
    for line in open(path):
        grade, query, *values = line.split("#")[0].split()
        grades.append(float(grade))
        queries.append(query)
        rows.append([float(word.split(":")[1]) for word in values])
    lengths = []
    for before, query in zip([None, *queries], queries):
        if query == before:
            lengths[-1] += 1
        else:
            lengths.append(1)
    return numpy.array(rows), numpy.array(grades), lengths


def ndcg(scores, grades):
    discounts = numpy.zeros(max(10, len(scores)))
    discounts[:10] = 1 / numpy.log2(numpy.arange(2, 12))
    gains = 2.0**grades - 1
    best = (numpy.sort(gains)[::-1][:10] * discounts[: min(10, len(gains))]).sum()
    order = numpy.argsort(-scores, kind="stable")
    # Equal scores share their places.
    _, tied = numpy.unique(-scores[order], return_inverse=True)
    counts = numpy.bincount(tied)
    mean = numpy.bincount(tied, gains[order]) / counts
    return float((mean[tied] * discounts[: len(scores)]).sum() / best) if best > 0 else 0.0


learned, test = read(sys.argv[1]), read(sys.argv[2])
ours = {name: numpy.array(values) for name, values in json.load(sys.stdin).items()}
ends = numpy.cumsum(test[2])
theirs = {}
for objective in ["rank_xendcg", "lambdarank", "regression"]:
    settings = {
        "objective": objective,
        "learning_rate": 0.05,
        "num_leaves": 15,
        "min_data_in_leaf": 20,
        "min_sum_hessian_in_leaf": 0.001,
        "lambdarank_truncation_level": 10,
        "seed": 1,
        "num_threads": 2,
        "verbose": -1,
    }
    data = lightgbm.Dataset(learned[0], learned[1], group=learned[2])
    scores = lightgbm.train(settings, data, num_boost_round=200).predict(test[0])
    parts = zip(numpy.split(scores, ends[:-1]), numpy.split(test[1], ends[:-1]))
    theirs[objective] = numpy.array([ndcg(*part) for part in parts])
random = numpy.random.default_rng(1)
drawn = random.integers(0, len(ends), (N_BOOTSTRAPS, len(ends)))
pairs = {"xe_ndcg": "rank_xendcg", "lambda_rank": "lambdarank", "squared": "regression"}
print(
    json.dumps(
        {
            "queries": len(ends),
            "ndcg_at_10": {name: round(float(values.mean()), 4) for name, values in ours.items()},
            "lightgbm": {name: round(float(values.mean()), 4) for name, values in theirs.items()},
            "difference_95": {
                name: [round(float(x), 4) for x in numpy.quantile((ours[name] - theirs[their])[drawn].mean(1), [0.025, 0.975])]
                for name, their in pairs.items()
            },
            "version": lightgbm.__version__,
        }
    )
)
