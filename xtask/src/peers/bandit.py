"""VowpalWabbit on the rows that the example `bandit_peer` of `models` meets, in the same orders.

`bandit.py write DIRECTORY RIVER` writes the sets: digits of scikit-learn, and `segment` and `shuttle` out of the unpacked package
`river`. `bandit.py judge DIRECTORY` lets VowpalWabbit choose and prints a line of JSON for each set.
"""

import csv
import gzip
import io
import json
import sys
import time
import zipfile

import numpy

N_ROUNDS = 6_000
N_SEEDS = 3
OPTIONS = {
    "squarecb": "--squarecb --cb_type mtr",
    "epsilon_0.05": "--epsilon 0.05 --cb_type mtr",
    "bag_5": "--bag 5",
    "cover_5": "--cover 5",
    "regcbopt": "--regcbopt",
    "greedy": "--epsilon 0",
}


def table(lines, label):
    rows = list(csv.DictReader(lines))
    names = [name for name in rows[0] if name != label]
    classes = {name: at for at, name in enumerate(sorted({row[label] for row in rows}))}
    values = numpy.array([[float(row[name]) for name in names] for row in rows])
    spread = values.std(0)
    spread[spread == 0] = 1
    return (values - values.mean(0)) / spread, numpy.array([classes[row[label]] for row in rows])


def sets(river):
    from sklearn.datasets import load_digits

    digits = load_digits()
    yield "digits", digits.data / 16, digits.target
    with zipfile.ZipFile(f"{river}/river/datasets/segment.csv.zip") as packed, packed.open(packed.namelist()[0]) as file:
        yield "segment", *table(io.TextIOWrapper(file, newline=""), "category")
    with gzip.open(f"{river}/river/datasets/shuttle.csv.gz", "rt") as lines:
        yield "shuttle", *table(lines, "anomaly")


def write(directory, river):
    described = {}
    for name, x, y in sets(river):
        orders = []
        for seed in range(N_SEEDS):
            random = numpy.random.default_rng(seed)
            times = -(-N_ROUNDS // len(y))
            orders.append(numpy.concatenate([random.permutation(len(y)) for _ in range(times)])[:N_ROUNDS])
        x.astype("<f8").tofile(f"{directory}/{name}.x.f64")
        y.astype("<u4").tofile(f"{directory}/{name}.y.u32")
        numpy.array(orders).astype("<u4").tofile(f"{directory}/{name}.orders.u32")
        described[name] = {"features": x.shape[1], "actions": int(y.max()) + 1, "seeds": N_SEEDS}
    with open(f"{directory}/sets.json", "w") as file:
        json.dump(described, file)


def choose(x, y, order, n_actions, options, seed):
    import vowpalwabbit

    workspace = vowpalwabbit.Workspace(f"--cb_explore_adf -q UA --quiet {options} --random_seed {seed + 1}")
    random = numpy.random.default_rng(seed)
    # What only text can say is prepared, so that the library alone is measured.
    shared = ["shared |U " + " ".join(f"f{j}:{value:.4f}" for j, value in enumerate(row) if value) for row in x]
    actions = [f"|A a{action}" for action in range(n_actions)]
    wrong = 0
    started = time.perf_counter()
    for row in order:
        examples = [shared[row], *actions]
        p = numpy.array(workspace.predict(examples))
        p /= p.sum()
        action = int(numpy.searchsorted(numpy.cumsum(p), random.random(), side="right"))
        action = min(action, n_actions - 1)
        cost = float(action != y[row])
        wrong += cost
        examples[action + 1] = f"0:{cost}:{p[action]:.6f} |A a{action}"
        workspace.learn(examples)
    return wrong / len(order), len(order) / (time.perf_counter() - started)


def judge(directory):
    import vowpalwabbit

    with open(f"{directory}/sets.json") as file:
        described = json.load(file)
    for name, shape in described.items():
        x = numpy.fromfile(f"{directory}/{name}.x.f64", "<f8").reshape(-1, shape["features"])
        y = numpy.fromfile(f"{directory}/{name}.y.u32", "<u4")
        orders = numpy.fromfile(f"{directory}/{name}.orders.u32", "<u4").reshape(shape["seeds"], -1)
        theirs = {}
        for label, options in OPTIONS.items():
            runs = [choose(x, y, order, shape["actions"], options, seed) for seed, order in enumerate(orders)]
            theirs[label] = {
                "loss": round(float(numpy.mean([loss for loss, _ in runs])), 5),
                # Others may have been at work beside the rest.
                "rounds_per_second": round(max(speed for _, speed in runs)),
            }
        print(json.dumps({"set": name, "vowpal_wabbit": theirs, "version": vowpalwabbit.__version__}), flush=True)


if sys.argv[1] == "write":
    write(*sys.argv[2:])
else:
    judge(*sys.argv[2:])
