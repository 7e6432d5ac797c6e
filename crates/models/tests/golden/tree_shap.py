"""Writes tree_shap.txt: forests, rows and their path-dependent Shapley values by the package `shap` (see its first line).

    pip install shap numpy && python tree_shap.py > tree_shap.txt

`tree`: for every node  feature threshold left right missing_goes_left cover, or  -1 value 0 0 0 cover  for a leaf.
`row`: its values, `-` where missing; `shares`: the expected value, then the share of each feature.
"""

import numpy
import shap

random = numpy.random.default_rng(20)


def grown(n_features, depth_max, weight):
    nodes = []

    def grow(depth, cover):
        at = len(nodes)
        nodes.append(None)
        if depth == depth_max or cover < 2 or (depth > 1 and random.random() < 0.15):
            nodes[at] = (-1, float(random.normal() * weight), 0, 0, 0, cover)
            return at
        # Few features: paths ask for the same one more than once.
        feature = int(random.integers(n_features))
        threshold = float(random.normal()) + 1e-3
        left_cover = cover * float(random.uniform(0.1, 0.9))
        left = grow(depth + 1, left_cover)
        right = grow(depth + 1, cover - left_cover)
        nodes[at] = (feature, threshold, left, right, int(random.integers(2)), nodes[left][5] + nodes[right][5])
        return at

    grow(0, 1000.0 * float(random.uniform(0.5, 2)))
    return nodes


def for_shap(nodes):
    column = lambda at: [node[at] for node in nodes]
    is_leaf = [node[0] == -1 for node in nodes]
    pick = lambda leaf, inner: numpy.array([a if is_it else b for is_it, a, b in zip(is_leaf, leaf, inner)])
    none = [-1] * len(nodes)
    left, right = pick(none, column(2)), pick(none, column(3))
    default = numpy.where(numpy.array(column(4)) == 1, left, right)
    return {
        "children_left": left.astype(numpy.int32),
        "children_right": right.astype(numpy.int32),
        "children_default": default.astype(numpy.int32),
        "features": pick([-2] * len(nodes), column(0)).astype(numpy.int32),
        "thresholds": pick([0.0] * len(nodes), column(1)).astype(numpy.float64),
        "values": pick(column(1), [0.0] * len(nodes)).astype(numpy.float64).reshape(-1, 1),
        "node_sample_weight": numpy.array(column(5), dtype=numpy.float64),
    }


print(f"# shap {shap.__version__}, numpy {numpy.__version__}: TreeExplainer, tree_path_dependent")
for n_features, depth_max, n_trees in [(3, 2, 1), (5, 6, 4), (4, 12, 3), (12, 18, 2)]:
    trees = [grown(n_features, depth_max, 1.0) for _ in range(n_trees)]
    print(f"forest {n_features}")
    for nodes in trees:
        print("tree " + " ".join(" ".join(repr(value) for value in node) for node in nodes))
    rows = random.normal(size=(12, n_features))
    rows[random.random(rows.shape) < 0.15] = numpy.nan
    explainer = shap.TreeExplainer({"trees": [for_shap(nodes) for nodes in trees]}, feature_perturbation="tree_path_dependent")
    shares = explainer.shap_values(rows, check_additivity=False).reshape(len(rows), n_features)
    expected = float(numpy.ravel(explainer.expected_value)[0])
    for row, share in zip(rows, shares):
        print("row " + " ".join("-" if numpy.isnan(value) else repr(float(value)) for value in row))
        print("shares " + " ".join(repr(float(value)) for value in [expected, *share]))
