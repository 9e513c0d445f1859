"""PyTorch's DistributedDataParallel (gloo) against the same training on whole batches in one process:

    ddp.py write FILE                     the problem: see exactness.cpp
    ddp.py train FILE EPOCHS RANKS

Every batch is cut into RANKS parts, as even as possible; each rank's loss is the weighted mean of its part,
`cross_entropy(weight=)`, and DDP averages the gradients. Prints the largest difference of the weights.
"""
import json
import os
import sys

import numpy
import torch
import torch.distributed
import torch.multiprocessing


def write_problem(path):
    """4100 rows, so that the last batch is uneven, of two classes, 5% of them positive."""
    rng = numpy.random.default_rng(1)
    rows, features, hidden = 4100, 30, 16
    t = (rng.random(rows) < 0.05).astype(numpy.int32)
    x = (rng.standard_normal((rows, features)) + t[:, None] * 0.5).astype(numpy.float32)
    uniform = lambda *shape: rng.uniform(-0.2, 0.2, shape).astype(numpy.float32)  # noqa: E731
    numpy.savez(path, x=x, t=t, weight=numpy.array([0.53, 10.0], numpy.float32), order=rng.permutation(rows),
                batch_size=numpy.int64(128), W1=uniform(hidden, features), b1=uniform(hidden), W2=uniform(2, hidden),
                b2=uniform(2))


def make_model(data):
    model = torch.nn.Sequential(torch.nn.Linear(data["W1"].shape[1], data["W1"].shape[0]), torch.nn.ReLU(),
                                torch.nn.Linear(data["W2"].shape[1], data["W2"].shape[0]))
    with torch.no_grad():
        for parameter, name in zip(model.parameters(), ["W1", "b1", "W2", "b2"]):
            parameter.copy_(torch.from_numpy(data[name]))
    return model


def train(rank, ranks, path, epochs, results):
    torch.set_num_threads(1)
    data = numpy.load(path)
    model = make_model(data)
    wrapped = model
    if ranks > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29511")
        torch.distributed.init_process_group("gloo", rank=rank, world_size=ranks)
        wrapped = torch.nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, t = torch.from_numpy(data["x"]), torch.from_numpy(data["t"]).long()
    weight, order, size = torch.from_numpy(data["weight"]), data["order"], int(data["batch_size"])
    for _ in range(epochs):
        for begin in range(0, len(order), size):
            part = numpy.array_split(order[begin:begin + size], ranks)[rank]
            loss = torch.nn.functional.cross_entropy(wrapped(x[part]), t[part], weight=weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    if rank == 0:
        results.put([parameter.detach().numpy() for parameter in model.parameters()])
    if ranks > 1:
        torch.distributed.destroy_process_group()


def trained(path, epochs, ranks):
    context = torch.multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=train, args=(rank, ranks, path, epochs, results)) for rank in range(ranks)]
    for process in processes:
        process.start()
    found = results.get()
    for process in processes:
        process.join()
    return found


def main():
    if sys.argv[1] == "write":
        write_problem(sys.argv[2])
        return
    file, epoch_count, rank_count = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    whole, parts = trained(file, epoch_count, 1), trained(file, epoch_count, rank_count)
    difference = max(float(numpy.abs(a - b).max()) for a, b in zip(whole, parts))
    print(json.dumps({"ranks": rank_count, "largest_difference": difference}))


if __name__ == "__main__":
    main()
