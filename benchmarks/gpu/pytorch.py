"""PyTorch on the GPU, a peer as ../peers/peer.py describes: eager; with --compile, model and loss by torch.compile;
with --graph, whole steps as a CUDA graph, captured as in PyTorch's documentation; with both, the compiled step in a
CUDA graph. --tf32 allows TF32 for products of float32 matrices. Adam is the fused version, the fastest.

--cpu checks on a machine without a GPU that eager and compiled steps compute the right thing; its times mean nothing.
"""
import os
import sys

import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
from peer import Block, Unsupported, serve
from torch_mlp import make_model, restore

compiled, graphed, tf32 = ("--" + option in sys.argv for option in ("compile", "graph", "tf32"))
device = torch.device("cpu" if "--cpu" in sys.argv else "cuda")
torch.set_float32_matmul_precision("high" if tf32 else "highest")


def compile_if_asked(function):
    return torch.compile(function, dynamic=False) if compiled else function


def capture_if_asked(step, inputs):
    """A function that does `step(*inputs)`. A captured step copies new inputs into its input buffers, as Tenbin's does."""
    if not graphed:
        return lambda: step(*inputs)
    places = [torch.empty_like(value).copy_(value) for value in inputs]
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step(*places)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step(*places)

    def replay():
        for place, value in zip(places, inputs):
            place.copy_(value)
        graph.replay()
        return loss

    return replay


def wait():
    if device.type == "cuda":
        torch.cuda.synchronize()


def block(problem, step, reset, tolerance=1e-3):
    def work():
        for _ in range(problem.steps):
            loss = step()
        return loss.item()

    def reset_and_wait():
        reset()
        wait()

    return Block(problem.steps, reset_and_wait, work, problem.expected_loss, tolerance)


def on_device(problem):
    x, t, weight = (torch.from_numpy(array).to(device) for array in (problem.x, problem.t, problem.class_weight))
    return x, t.long(), weight


def training_step(problem):
    x, t, weight = on_device(problem)
    parameters = problem.parameters
    model = make_model(parameters).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=problem.alpha, fused=True, capturable=graphed)
    loss_of = compile_if_asked(lambda x, t: F.cross_entropy(model(x), t, weight=weight))

    def step(x, t):
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(x, t)
        loss.backward()
        optimizer.step()
        return loss.detach()

    # The relative error of TF32 products is about 3e-4.
    return block(problem, capture_if_asked(step, (x, t)), lambda: restore(model, parameters, optimizer),
                 1e-2 if tf32 else 1e-3)


def loss_alone(problem):
    x, t, weight = on_device(problem)
    x.requires_grad_()
    cross_entropy = compile_if_asked(lambda x, t: F.cross_entropy(x, t, weight=weight))

    def step(t):
        x.grad = None
        loss = cross_entropy(x, t)
        loss.backward()
        return loss.detach()

    # The scores are not an input of a captured step: a replay would copy them, which costs more than the loss.
    return block(problem, capture_if_asked(step, (t,)), lambda: None)


def make(workload, problem):
    if graphed and device.type == "cpu":
        raise Unsupported("a CPU has no CUDA graphs")
    return {"step": training_step, "loss": loss_alone}[workload.split("/")[0]](problem)


words = [" torch.compile"] * compiled + [" CUDA graph"] * graphed or [" eager"]
serve(f"PyTorch {torch.__version__}" + "".join(words) + " TF32" * tf32, make)
