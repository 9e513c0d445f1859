#!/usr/bin/env python3
"""Stores the losses of PyTorch and torchvision: writes losses.npz and losses.tsv next to itself.

    python3 generate.py        # needs python3-torch and python3-torchvision; README.md has the versions used
"""
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

rng = np.random.RandomState(20240607)
arrays = {}
lines = ["#id\tfunction\toptions\tinputs\toutputs"]


def pairs(items):
    return ";".join(f"{key}={value}" for key, value in items.items())


def freeze(case, function, options, inputs, x, loss):
    """Records a case: the value of `loss(x)`, and the gradient of x for a random gy."""
    leaf = torch.from_numpy(x).requires_grad_()
    value = loss(leaf)
    gy = rng.uniform(-1, 1, value.shape).astype(x.dtype)
    value.backward(torch.from_numpy(np.asarray(gy)))
    inputs = {"x": x, **inputs, "gy": np.asarray(gy)}
    outputs = {"loss": value.detach().numpy(), "gx": leaf.grad.numpy()}
    assert all(np.isfinite(array).all() for array in [*inputs.values(), *outputs.values()])
    for role, array in {**inputs, **outputs}.items():
        arrays[f"{case}/{role}"] = array
    keys = [pairs({role: f"{case}/{role}" for role in roles}) for roles in (inputs, outputs)]
    lines.append("\t".join([case, function, pairs({"dtype": x.dtype.name, **options}), *keys]))


def random_problem(low_rank_too=False):
    """x's shape (N, C, ...) and its dtype."""
    inner = [(), (), (3,), (2, 2)][rng.randint(4)]
    shape = (rng.randint(1, 7), rng.randint(2, 6)) + inner
    if low_rank_too and rng.randint(4) == 0:
        shape = shape[:1]
    return shape, [np.float32, np.float64][rng.randint(2)]


def logits(shape, dtype):
    return (rng.standard_normal(shape) * rng.choice([1, 3, 20])).astype(dtype)


def class_weights(n_class, dtype, zeros=True):
    weight = np.exp(rng.uniform(-3, 3, n_class))
    if zeros and rng.randint(5) == 0:
        weight[rng.randint(n_class)] = 0
    return weight.astype(dtype)


def cross_entropy(case, reduction):
    while True:
        shape, dtype = random_problem()
        t = rng.randint(0, shape[1], shape[:1] + shape[2:])
        ignore = [None, 255, -100, 0][rng.randint(4)]
        if ignore is not None:
            t[rng.uniform(size=t.shape) < 0.3] = ignore
        weight = class_weights(shape[1], dtype)
        counted = t[t != ignore] if ignore is not None else t.ravel()
        if weight[counted].sum() > 0:  # PyTorch's mean over no elements is NaN
            break
    smoothing = [0, 0, 0.1, 0.3][rng.randint(4)]
    ignore = -1 if ignore is None else ignore
    freeze(case, "cross_entropy", {"reduce": reduction, "ignore_label": ignore, "label_smoothing": smoothing},
           {"t": t, "class_weight": weight}, logits(shape, dtype),
           lambda x: F.cross_entropy(x, torch.from_numpy(t), torch.from_numpy(weight), ignore_index=ignore,
                                     reduction=reduction, label_smoothing=smoothing))


def soft_cross_entropy(case, reduction):
    shape, dtype = random_problem()
    t = rng.dirichlet([0.5] * shape[1], shape[:1] + shape[2:])
    t = np.ascontiguousarray(np.moveaxis(t, -1, 1)).astype(dtype)
    weight = class_weights(shape[1], dtype)
    smoothing = [0, 0.1][rng.randint(2)]
    freeze(case, "soft_cross_entropy", {"reduce": reduction, "label_smoothing": smoothing},
           {"t": t, "class_weight": weight}, logits(shape, dtype),
           lambda x: F.cross_entropy(x, torch.from_numpy(t), torch.from_numpy(weight), reduction=reduction,
                                     label_smoothing=smoothing))


def pos_weight(case, reduction):
    shape, dtype = random_problem(low_rank_too=True)
    t = rng.randint(0, 2, shape)
    per_class = len(shape) > 1 and rng.randint(3) > 0
    weight = class_weights(shape[1] if per_class else 1, dtype)
    broadcast = weight.reshape((-1,) + (1,) * (len(shape) - 2)) if per_class else weight
    freeze(case, "pos_weight", {"reduce": reduction}, {"t": t, "pos_weight": weight}, logits(shape, dtype),
           lambda x: F.binary_cross_entropy_with_logits(x, torch.from_numpy(t.astype(dtype)), reduction=reduction,
                                                        pos_weight=torch.from_numpy(broadcast)))


def focal(case, reduction):
    shape, dtype = random_problem(low_rank_too=True)
    t = rng.randint(0, 2, shape)
    alpha = [0.25, -1, 0.9, 0][rng.randint(4)]
    gamma = [2, 0, 1, 0.5, 5][rng.randint(5)]
    x = np.clip(logits(shape, dtype), -8, 8)  # beyond that, 1 - p_t has no correct digits
    freeze(case, "sigmoid_focal_loss", {"reduce": reduction, "alpha": alpha, "gamma": gamma}, {"t": t}, x,
           lambda x: sigmoid_focal_loss(x, torch.from_numpy(t.astype(dtype)), alpha, gamma, reduction))


REDUCTIONS = ["mean", "sum", "none"]
for i in range(100):
    cross_entropy(f"mean{i}", "mean")
for i in range(20):
    cross_entropy(f"other{i}", REDUCTIONS[1 + i % 2])
for i in range(30):
    soft_cross_entropy(f"soft{i}", REDUCTIONS[i % 3])
for i in range(45):
    pos_weight(f"bce{i}", REDUCTIONS[i % 3])
for i in range(45):
    focal(f"focal{i}", REDUCTIONS[i % 3])

here = pathlib.Path(__file__).parent
np.savez_compressed(here / "losses.npz", **arrays)
(here / "losses.tsv").write_text("\n".join(lines) + "\n")
print(f"{len(lines) - 1} cases with PyTorch {torch.__version__}, NumPy {np.__version__}")
