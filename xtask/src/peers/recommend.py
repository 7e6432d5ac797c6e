"""What do other libraries make of the same purchases? Called by `cargo xtask peers recommend`.

recommend.py EVENTS OURS [--event NAME]...
EVENTS is what `rapport export --only events` wrote, OURS what `rapport evaluate recommend --json` said.

Both ways of asking are those of the evaluation: the last occasion of every customer with two or more (last_order), and what is
bought in the last window by those known before it (time). A list has ten of all items; wanted is what is known in training,
on both sides: where they do not ask as many customers, nothing is compared. NDCG divides by the ideal list of at most ten. Every method is asked with what customers had (all), and without it (new).
"""

import argparse
import json
import time
from datetime import datetime

import numpy as np
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking

K = 10
EASE_ITEMS_MAX = 5_000


def purchases(path, names):
    """Who had what when: customers, items (numbers), times (days)."""
    customers, items, days = [], [], []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            event = event.get("event") if isinstance(event.get("event"), dict) else event
            if event.get("event") not in names:
                continue
            properties = event.get("properties") or {}
            products = properties.get("products") or [properties]
            when = datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00")).timestamp() / 86_400
            who = event.get("userId") or event.get("anonymousId")
            for product in products:
                what = product.get("product_id") or product.get("sku")
                if who is not None and what is not None:
                    customers.append(str(who)), items.append(str(what)), days.append(when)
    if not customers:
        raise SystemExit(f"no purchases in {path}: name the events that hold them with --event")
    _, who = np.unique(customers, return_inverse=True)
    _, what = np.unique(items, return_inverse=True)
    return who, what, np.array(days)


class Split:
    """What is known, and what is wanted of whom."""

    def __init__(self, who, what, days, asked):
        known = ~asked
        self.n_customers, self.n_items = who.max() + 1, what.max() + 1
        self.who, self.what, self.days = who[known], what[known], days[known]
        shape = (self.n_customers, self.n_items)
        self.had = binary(self.who, self.what, shape)
        sold = np.asarray(self.had.sum(0)).ravel() > 0
        came = np.asarray(self.had.sum(1)).ravel() > 0
        wanted = asked & sold[what] & came[who]
        self.wanted = binary(who[wanted], what[wanted], shape)
        self.customers = np.unique(self.wanted.nonzero()[0])

    @staticmethod
    def last_order(who, what, days):
        last = np.full(who.max() + 1, -np.inf)
        first = np.full(who.max() + 1, np.inf)
        np.maximum.at(last, who, days)
        np.minimum.at(first, who, days)
        return Split(who, what, days, (days == last[who]) & (first[who] < last[who]))

    @staticmethod
    def time(who, what, days, train_until, test_from, test_until):
        kept = (days < train_until) | ((days >= test_from) & (days < test_until))
        who, what, days = who[kept], what[kept], days[kept]
        return Split(who, what, days, days >= test_from)


def binary(rows, columns, shape):
    matrix = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def judge(split, score, new):
    """Mean NDCG and recall of everybody's list."""
    discount = 1.0 / np.log2(np.arange(K) + 2)
    ndcg, recall = [], []
    for start in range(0, len(split.customers), 256):
        customers = split.customers[start : start + 256]
        scores = np.asarray(score(customers), dtype=np.float64)
        if new:
            scores[split.had[customers].nonzero()] = -np.inf
        top = np.argpartition(-scores, K, 1)[:, :K]
        order = np.argsort(-np.take_along_axis(scores, top, 1), 1, kind="stable")
        top = np.take_along_axis(top, order, 1)
        for list_, customer in zip(top, customers):
            wanted = set(split.wanted[customer].indices)
            if new:
                wanted -= set(split.had[customer].indices)
            if wanted:
                hits = np.array([item in wanted for item in list_])
                ndcg.append((hits * discount).sum() / discount[: min(K, len(wanted))].sum())
                recall.append(hits.sum() / len(wanted))
    return float(np.mean(ndcg)), float(np.mean(recall)), len(ndcg)


def popularity(split):
    sold = np.asarray(split.had.sum(0)).ravel()
    return lambda customers: np.tile(sold, (len(customers), 1))


def personal_frequency(split):
    """Own items by on how many occasions, ties and the rest by what all buy (G(P)-Top)."""
    rows = once(split)
    often = sp.csr_matrix((np.ones(len(rows)), (split.who[rows], split.what[rows])), shape=split.had.shape)
    sold = np.asarray(split.had.sum(0)).ravel()
    return lambda customers: often[customers].toarray() + sold / (sold.max() + 1.0)


def ease(split, penalty):
    """Steck 2019, on the items with most customers."""
    chosen = np.argsort(-np.asarray(split.had.sum(0)).ravel(), kind="stable")[:EASE_ITEMS_MAX]
    known = split.had[:, chosen]
    gram = (known.T @ known).toarray()
    gram[np.diag_indices_from(gram)] += penalty
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    weights[np.diag_indices_from(weights)] = 0.0

    def score(customers):
        scores = np.full((len(customers), split.n_items), -1e9)
        scores[:, chosen] = known[customers] @ weights
        return scores

    return score


def item_knn(split, shrinkage, n_neighbours=200):
    """Shrunk cosine; a customer weighs the root of 1 / its items."""
    weight = np.maximum(np.asarray(split.had.sum(1)).ravel(), 1.0) ** -0.5
    together = (split.had.T @ (sp.diags(weight) @ split.had)).tocoo()
    mass = np.asarray((sp.diags(weight) @ split.had).sum(0)).ravel()
    values = together.data / (np.sqrt(mass[together.row] * mass[together.col]) + shrinkage)
    values[together.row == together.col] = 0.0
    similar = sp.csr_matrix((values, (together.row, together.col)), shape=together.shape)
    for row in range(similar.shape[0]):
        part = similar.data[similar.indptr[row] : similar.indptr[row + 1]]
        if len(part) > n_neighbours:
            part[np.argpartition(-part, n_neighbours)[n_neighbours:]] = 0.0
    similar.eliminate_zeros()
    return lambda customers: (split.had[customers] @ similar).toarray()


def factors(split, model):
    model.fit(split.had.astype(np.float32), show_progress=False)
    return lambda customers: model.user_factors[customers] @ model.item_factors.T


def als(split, regularization, alpha):
    model = AlternatingLeastSquares(64, regularization, alpha, iterations=15, random_state=3)
    return factors(split, model)


def bpr(split):
    return factors(split, BayesianPersonalizedRanking(64, 0.02, 0.01, iterations=60, random_state=3))


def occasions(split):
    """For every purchase: how many occasions of its customer came after it, and how many there are."""
    order = np.lexsort((-split.days, split.who))
    who, days = split.who[order], split.days[order]
    starts = np.r_[True, who[1:] != who[:-1]]
    steps = np.cumsum(np.r_[False, (who[1:] == who[:-1]) & (days[1:] != days[:-1])] | False)
    back = np.empty(len(who), int)
    back[order] = steps - np.maximum.accumulate(np.where(starts, steps, 0))
    n = np.zeros(split.n_customers, int)
    np.maximum.at(n, split.who, back + 1)
    return back, n[split.who]


def once(split):
    """Every item once an occasion."""
    keys = np.stack([split.who, split.what, np.unique(split.days, return_inverse=True)[1]])
    return np.unique(keys, axis=1, return_index=True)[1]


def up_cf(split, n_occasions, own_exponent, locality):
    """Faggioli, Polato and Aiolli 2020, over all customers."""
    back, n = occasions(split)
    rows = once(split)
    rows = rows[back[rows] < n_occasions]
    shape = split.had.shape
    worth = sp.csr_matrix((1.0 / np.minimum(n[rows], n_occasions), (split.who[rows], split.what[rows])), shape=shape)
    size = np.asarray(split.had.sum(1)).ravel()

    def score(customers):
        shared = (split.had[customers] @ split.had.T).tocoo()
        near = shared.data / (size[customers][shared.row] ** own_exponent * size[shared.col] ** (1 - own_exponent))
        return (sp.csr_matrix((near**locality, (shared.row, shared.col)), shape=shared.shape) @ worth).toarray()

    return score


def tifu_knn(split, n_neighbours=300, group_size=7, within=0.9, between=0.7, own_weight=0.7):
    """Hu, He, Gao and Zhang 2020, over all customers."""
    back, n = occasions(split)
    rows = once(split)
    group, inside, n_groups = back[rows] // group_size, back[rows] % group_size, -(-n[rows] // group_size)
    size = np.where(group == n_groups - 1, n[rows] - (n_groups - 1) * group_size, group_size)
    worth = between**group * within**inside / size / n_groups
    vectors = sp.csr_matrix((worth, (split.who[rows], split.what[rows])), shape=split.had.shape)
    square = np.asarray(vectors.multiply(vectors).sum(1)).ravel()
    n_neighbours = min(n_neighbours, split.n_customers - 1)

    def score(customers):
        distance = square[customers][:, None] + square[None] - 2 * (vectors[customers] @ vectors.T).toarray()
        distance[np.arange(len(customers)), customers] = np.inf
        nearest = np.argpartition(distance, n_neighbours, 1)[:, :n_neighbours]
        starts = np.arange(0, nearest.size + 1, n_neighbours)
        mean = sp.csr_matrix((np.full(nearest.size, 1 / n_neighbours), nearest.ravel(), starts))
        mean.resize((len(customers), split.n_customers))
        return (own_weight * vectors[customers] + (1 - own_weight) * (mean @ vectors)).toarray()

    return score


METHODS = {
    "popularity": popularity,
    "personal frequency": personal_frequency,
    "item-kNN, shrinkage 10": lambda split: item_knn(split, 10),
    "item-kNN, shrinkage 100": lambda split: item_knn(split, 100),
    "EASE, penalty 300": lambda split: ease(split, 300.0),
    "EASE, penalty 1000": lambda split: ease(split, 1000.0),
    "ALS (implicit), 10, 1": lambda split: als(split, 10.0, 1.0),
    "ALS (implicit), 10, 10": lambda split: als(split, 10.0, 10.0),
    "BPR (implicit)": bpr,
    "UP-CF, 10, 0.25, 5": lambda split: up_cf(split, 10, 0.25, 5),
    "TIFU-KNN": tifu_knn,
}


def ours(document, way):
    """What the evaluation said of the model and of its simple answers."""
    protocol = (document.get("protocols") or {}).get(way)
    if protocol is None:
        return
    everything = protocol.get("all") or protocol
    new = (protocol.get("slices") or {}).get("new_only") or {}
    yield "Rapport", everything.get("metrics") or {}, new.get("metrics") or {}


def check_same_customers(document, splits):
    """Both sides must ask the same customers, or their means say nothing of each other."""
    for way, split in splits.items():
        protocol = (document.get("protocols") or {}).get(way)
        n_theirs = 0 if protocol is None else protocol["n_test"]
        if n_theirs != len(split.customers):
            raise SystemExit(
                f"{way}: the evaluation asks {n_theirs} customers and this script {len(split.customers)}, so the two cannot be "
                "compared: name the events that are learned from with --event, and give purchases of customers who permit it "
                "and have one identity each"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events")
    parser.add_argument("ours")
    parser.add_argument("--event", action="append", default=[])
    arguments = parser.parse_args()
    who, what, days = purchases(arguments.events, set(arguments.event or ["Order Completed"]))
    with open(arguments.ours, encoding="utf-8") as file:
        document = json.load(file)
    day = lambda name: datetime.fromisoformat(document["split"][name].replace("Z", "+00:00")).timestamp() / 86_400
    splits = {
        "last_order": Split.last_order(who, what, days),
        "time": Split.time(who, what, days, day("train_until"), day("test_from"), day("test_until")),
    }
    check_same_customers(document, splits)
    for way, split in splits.items():
        if not len(split.customers):
            print(f"\n{way}: nobody to ask")
            continue
        print(f"\n{way}: {split.n_customers} customers, {split.n_items} items, {len(split.customers)} asked")
        print(f"{'':26} {'NDCG@10':>8} {'recall@10':>9} {'new NDCG':>9} {'new recall':>10} {'seconds':>8}")
        for name, everything, new in ours(document, way):
            numbers = [everything.get("ndcg@10"), everything.get("recall@10"), new.get("ndcg@10"), new.get("recall@10")]
            print(f"{name:26} " + " ".join("       –" if value is None else f"{value:8.4f}" for value in numbers))
        for name, method in METHODS.items():
            before = time.time()
            score = method(split)
            seconds = time.time() - before
            ndcg, recall, _ = judge(split, score, new=False)
            new_ndcg, new_recall, _ = judge(split, score, new=True)
            print(f"{name:26} {ndcg:8.4f} {recall:9.4f} {new_ndcg:9.4f} {new_recall:10.4f} {seconds:8.1f}", flush=True)


if __name__ == "__main__":
    main()
