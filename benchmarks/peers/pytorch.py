"""PyTorch: eager, or with `--compile` the model and the loss by torch.compile. Adam and SGD are the fused
versions, the fastest on a CPU."""
import os
import sys

import torch
import torch.nn.functional as F
from torch import nn

from peer import Block, Unsupported, serve
from torch_mlp import make_model, restore

compiled = "--compile" in sys.argv
torch.set_num_threads(int(os.environ["TENBIN_NUM_THREADS"]))


def compile_if_asked(function):
    return torch.compile(function, dynamic=False) if compiled else function


def training_step(problem):
    model = make_model(problem.parameters)
    optimizer = torch.optim.Adam(model.parameters(), lr=problem.alpha, fused=True)
    x, t = torch.from_numpy(problem.x), torch.from_numpy(problem.t).long()
    weight = torch.from_numpy(problem.class_weight)
    loss_of = compile_if_asked(lambda x, t: F.cross_entropy(model(x), t, weight=weight))

    def work():
        for _ in range(problem.steps):
            loss = loss_of(x, t)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return loss.item()

    return Block(problem.steps, lambda: restore(model, problem.parameters, optimizer), work, problem.expected_loss)


def loss_alone(problem):
    x, t = torch.from_numpy(problem.x).requires_grad_(), torch.from_numpy(problem.t)
    weight = torch.from_numpy(problem.class_weight)
    if x.shape[1] == 1:
        t = t.float()
        cross_entropy = compile_if_asked(lambda x, t: F.binary_cross_entropy_with_logits(x, t, pos_weight=weight))
    else:
        t = t.long()
        cross_entropy = compile_if_asked(lambda x, t: F.cross_entropy(x, t, weight=weight))

    def work():
        for _ in range(problem.steps):
            x.grad = None
            loss = cross_entropy(x, t)
            loss.backward()
        return loss.item()

    return Block(problem.steps, lambda: None, work, problem.expected_loss)


def epoch(problem):
    model = make_model(problem.parameters)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, fused=True)
    x, t = torch.from_numpy(problem.x), torch.from_numpy(problem.t).long()
    given_order = torch.from_numpy(problem.order)
    loss_of = compile_if_asked(lambda x, t: F.cross_entropy(model(x), t))

    def work():
        torch.randperm(len(x))  # for the cost of a shuffle; the order used is that of all participants
        for rows in given_order.split(128):
            loss = loss_of(x[rows], t[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5)
            optimizer.step()
        return loss.item()

    return Block(1, lambda: restore(model, problem.parameters, optimizer), work, problem.expected_loss)


def add_one(workload):
    if compiled:
        raise Unsupported("nothing to compile")
    graph = {}

    def build():
        h = torch.zeros(2, requires_grad=True)
        for _ in range(1000):
            h = h + 1
        graph["end"] = h.sum()

    if workload == "graph/forward":
        return Block(1000, graph.clear, build)
    return Block(1000, build, lambda: graph["end"].backward())


def make(workload, problem):
    if workload.startswith("graph/"):
        return add_one(workload)
    return {"step": training_step, "loss": loss_alone, "epoch": epoch}[workload.split("/")[0]](problem)


serve(f"PyTorch {torch.__version__}" + (" torch.compile" if compiled else " eager"), make)
