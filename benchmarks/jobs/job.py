"""What the jobs in Python share: the command line of the examples, the loop of the training, the file of results."""
import argparse
import json
import time

imported = time.perf_counter()


def parse(epochs, seeds, data):
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--data", default=data)
    parser.add_argument("--json", required=True)
    return parser.parse_args()


def train(network, optimizer, rate, epochs, batch_size, x, t, loss_of, clip=None):
    """Batches by `index_select`, which is faster than a DataLoader. `rate`: of the share of the epochs done."""
    import torch
    parameters = list(network.parameters())
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            group["lr"] = rate(epoch / epochs)
        for rows in torch.randperm(len(x)).split(batch_size):
            optimizer.zero_grad()
            loss_of(network(x.index_select(0, rows)), t.index_select(0, rows)).backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(parameters, clip)
            optimizer.step()
    return network


def save(options, methods):
    """`methods`: {name: {metric: values of the seeds}}, as the examples write it."""
    with open(options.json, "w") as file:
        json.dump({"methods": [{"method": name, **metrics} for name, metrics in methods.items()],
                   "seconds_after_imports": time.perf_counter() - imported}, file)
