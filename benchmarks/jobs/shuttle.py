"""examples/shuttle.cpp with PyTorch, pandas and scikit-learn: the same network, training and metrics."""
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.metrics import accuracy_score, balanced_accuracy_score, recall_score
from sklearn.preprocessing import StandardScaler
from torch import nn

import job

CLASSES = ["Rad.Flow", "Fpv.Close", "Fpv.Open", "High", "Bypass", "Bpv.Close", "Bpv.Open"]


def read(folder, part):
    table = pd.read_csv(f"{folder}/shuttle-{part}.csv")
    t = table.pop("Class").map(CLASSES.index).to_numpy()
    return table.to_numpy(dtype=np.float64), t


def train(x, t, options, seed, loss_of):
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(9, 64), nn.ReLU(), nn.Linear(64, len(CLASSES)))
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    rate = lambda done: 0.01 if done < 0.5 else 0.001 if done < 0.8 else 0.0001
    return job.train(network, optimizer, rate, options.epochs, 256, x, t, loss_of)


def main():
    options = job.parse(30, 5, "data")
    (train_x, train_t), (test_x, test_t) = read(options.data, "train"), read(options.data, "test")
    scaler = StandardScaler().fit(train_x)
    x, test_x = (torch.from_numpy(scaler.transform(each).astype(np.float32)) for each in (train_x, test_x))
    t = torch.tensor(train_t)
    counts = np.bincount(train_t)
    weight = torch.tensor(len(t) / (len(counts) * counts), dtype=torch.float32)
    losses = {"plain": F.cross_entropy,
              "class weights / count": lambda y, t: F.cross_entropy(y, t, weight=weight, reduction="sum") / len(t),
              "class weights / weight sum": lambda y, t: F.cross_entropy(y, t, weight=weight)}
    results = {}
    for name, loss_of in losses.items():
        results[name] = {"accuracy": [], "balanced_accuracy": [], "recall": []}
        for seed in range(options.seeds):
            network = train(x, t, options, seed, loss_of)
            with torch.inference_mode():
                predicted = network(test_x).argmax(dim=1).numpy()
            results[name]["accuracy"].append(accuracy_score(test_t, predicted))
            results[name]["balanced_accuracy"].append(balanced_accuracy_score(test_t, predicted))
            results[name]["recall"].append(list(recall_score(test_t, predicted, average=None)))
    job.save(options, results)


main()
