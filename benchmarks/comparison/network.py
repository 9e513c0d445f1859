"""The network of the comparison in PyTorch: one hidden layer of rectified units, or none, trained by Adam."""
import torch
import torch.nn.functional as F
from torch import nn


def make_network(n_input, hidden, n_class):
    sizes = [n_input, hidden, n_class] if hidden else [n_input, n_class]
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        linear = nn.Linear(n_in, n_out)
        nn.init.kaiming_normal_(linear.weight)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def make_optimizer(network, protocol):
    """The weights decay, the biases do not."""
    weights = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    biases = [parameter for parameter in network.parameters() if parameter.ndim == 1]
    return torch.optim.Adam([{"params": weights, "weight_decay": protocol["weight_decay"]}, {"params": biases}],
                            lr=protocol["alpha"], fused=protocol["fastest"] or None)


def cross_entropy(logits, t, progress):
    return F.cross_entropy(logits, t)


def train(x, t, n_class, n_steps, seed, protocol, loss_of=cross_entropy, next_order=None, hidden=None):
    """x, t: tensors. `fastest` of the protocol: what is faster than the usual way, here and in the optimizer."""
    torch.manual_seed(seed)
    network = make_network(x.shape[1], protocol["hidden"] if hidden is None else hidden, n_class)
    optimizer = make_optimizer(network, protocol)
    parameters = list(network.parameters())
    next_order = next_order or (lambda: torch.randperm(len(x)))
    step = 0
    while step < n_steps:
        for rows in next_order().split(protocol["batch_size"]):
            if step == n_steps:
                break
            percent = 100 * step // n_steps
            for group in optimizer.param_groups:
                group["lr"] = protocol["alpha"] * (1 if percent < 60 else 0.1 if percent < 85 else 0.01)
            if protocol["fastest"]:
                batch_x, batch_t = x.index_select(0, rows), t.index_select(0, rows)
                for parameter in parameters:
                    parameter.grad = None
            else:
                batch_x, batch_t = x[rows], t[rows]
                optimizer.zero_grad()
            loss_of(network(batch_x), batch_t, step / n_steps).backward()
            optimizer.step()
            step += 1
    return network


def probabilities(network, x):
    with torch.inference_mode():
        return torch.softmax(network(x), dim=1).numpy()
