"""LightGBM on the rows that the example `boost_peer` of `models` wrote: one line of JSON."""

import json
import sys
import time

import lightgbm
import numpy

N_FEATURES = 30

directory = sys.argv[1]
features = numpy.fromfile(f"{directory}/features.f64").reshape(-1, N_FEATURES)
labels = numpy.fromfile(f"{directory}/labels.f64")
n_learned = len(labels) // 10 * 9
settings = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 31,
    "max_bin": 255,
    "lambda_l2": 0.0,
    "min_sum_hessian_in_leaf": 5.0,
    "min_data_in_leaf": 1,
    "num_threads": 2,
    "verbose": -1,
}
started = time.perf_counter()
learned = lightgbm.Dataset(features[:n_learned], labels[:n_learned], params=settings).construct()
binning = time.perf_counter() - started
model = lightgbm.train(settings, learned, num_boost_round=200)
fitting = time.perf_counter() - started
judged = features[n_learned:]
started = time.perf_counter()
scores = model.predict(judged, raw_score=True)
scoring = time.perf_counter() - started
is_yes = labels[n_learned:] == 1
order = scores.argsort(kind="stable")
ranks = numpy.empty(len(scores))
ranks[order] = numpy.arange(1, len(scores) + 1)
n_yes = is_yes.sum()
auc = (ranks[is_yes].sum() - n_yes * (n_yes + 1) / 2) / (n_yes * (len(scores) - n_yes))
print(
    json.dumps(
        {
            "rows": n_learned,
            "binning_seconds": round(binning, 3),
            "fit_seconds": round(fitting, 3),
            "microseconds_per_row": round(scoring * 1e6 / len(judged), 3),
            "auc": round(float(auc), 5),
            "version": lightgbm.__version__,
        }
    )
)
