"""examples/fashion_mnist_lt.cpp with PyTorch and scikit-learn: the same subset, network, training and metrics."""
import gzip
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import recall_score
from torch import nn

import job

COUNTS = np.array([6000, 3596, 2156, 1292, 774, 464, 278, 166, 100, 60])


def read(folder, part):
    def content(name):
        packed = pathlib.Path(folder) / (name + ".gz")
        return gzip.decompress(packed.read_bytes()) if packed.exists() else packed.with_suffix("").read_bytes()

    x = np.frombuffer(content(part + "-images-idx3-ubyte"), np.uint8, offset=16).reshape(-1, 784)
    t = np.frombuffer(content(part + "-labels-idx1-ubyte"), np.uint8, offset=8)
    return x, t.astype(np.int64)


def load(folder):
    x, t = read(folder, "train")
    rows = np.sort(np.concatenate([np.flatnonzero(t == c)[:count] for c, count in enumerate(COUNTS)]))
    as_tensors = lambda x, t: (torch.from_numpy(x.astype(np.float32) / 255), torch.from_numpy(t))
    return as_tensors(x[rows], t[rows]), as_tensors(*read(folder, "t10k"))


def train(data, options, seed, loss_of):
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, fused=True)
    rate = lambda done: 0.05 * (1 if done < 0.8 else 0.1 if done < 0.9 else 0.01)
    return job.train(network, optimizer, rate, options.epochs, 128, *data, loss_of, clip=5)


def scores(logits, t):
    p = torch.softmax(logits, dim=1)
    confidence, predicted = (values.numpy() for values in p.max(dim=1))
    t = t.numpy()
    recall = recall_score(t, predicted, average=None)
    bins = np.clip(np.ceil(confidence * 15).astype(int) - 1, 0, 14)
    return {"accuracy": 100 * (predicted == t).mean(), "head_recall": 100 * recall[:3].mean(),
            "mid_recall": 100 * recall[3:7].mean(), "tail_recall": 100 * recall[7:].mean(),
            "shirt_recall": 100 * recall[6], "g_mean": recall.prod() ** 0.1,
            "expected_calibration_error": np.abs(np.bincount(bins, confidence - (predicted == t))).sum() / len(t)}


def main():
    options = job.parse(20, 3, "/usr/share/datasets/fashion-mnist")
    data, (test_x, test_t) = load(options.data)
    weight = torch.tensor(COUNTS.sum() / (10 * COUNTS), dtype=torch.float32)
    prior = torch.tensor(np.log(COUNTS / COUNTS.sum()), dtype=torch.float32)
    losses = {"plain": F.cross_entropy,
              "class weights / count": lambda y, t: F.cross_entropy(y, t, weight=weight, reduction="sum") / len(t),
              "class weights / weight sum": lambda y, t: F.cross_entropy(y, t, weight=weight),
              "logit-adjusted loss": lambda y, t: F.cross_entropy(y + prior, t)}
    results = {}
    for seed in range(options.seeds):
        for name, loss_of in losses.items():
            network = train(data, options, seed, loss_of)
            with torch.inference_mode():
                logits = network(test_x)
            runs = {name: scores(logits, test_t)}
            if name == "plain":
                runs["post-hoc logit adjustment"] = scores(logits - prior, test_t)
            for method, metrics in runs.items():
                for metric, value in metrics.items():
                    results.setdefault(method, {}).setdefault(metric, []).append(float(value))
    job.save(options, results)


main()
