"""Chainer 7.8.1, the last release. It needs NumPy below 1.24, which removed the names np.bool and np.int."""
import chainer
import chainer.functions as F
import chainer.links as L
import numpy

from peer import Block, Unsupported, serve


class MLP(chainer.ChainList):
    def __init__(self, parameters):
        super().__init__(*[L.Linear(W.shape[1], W.shape[0]) for W, b in parameters])

    def __call__(self, x):
        layers = list(self.children())
        for layer in layers[:-1]:
            x = F.relu(layer(x))
        return layers[-1](x)


def training_step(problem):
    model = MLP(problem.parameters)
    optimizer = chainer.optimizers.Adam(alpha=problem.alpha)
    x, t, weight = problem.x, problem.t, problem.class_weight

    def reset():
        for layer, (W, b) in zip(model.children(), problem.parameters):
            layer.W.array[...], layer.b.array[...] = W, b
        optimizer.setup(model)

    def work():
        for _ in range(problem.steps):
            loss = F.softmax_cross_entropy(model(x), t, class_weight=weight)
            model.cleargrads()
            loss.backward()
            optimizer.update()
        return float(loss.array)

    return Block(problem.steps, reset, work, problem.expected_loss)


def loss_alone(problem):
    if problem.x.shape[1] == 1:
        raise Unsupported("sigmoid_cross_entropy has no weights")
    x = chainer.Variable(problem.x)

    def work():
        for _ in range(problem.steps):
            x.cleargrad()
            loss = F.softmax_cross_entropy(x, problem.t, class_weight=problem.class_weight)
            loss.backward()
        return float(loss.array)

    return Block(problem.steps, lambda: None, work, problem.expected_loss)


def add_one(workload):
    graph = {}

    def build():
        h = chainer.Variable(numpy.zeros(2, numpy.float32))
        for _ in range(1000):
            h = h + 1
        graph["end"] = F.sum(h)

    if workload == "graph/forward":
        return Block(1000, graph.clear, build)
    return Block(1000, build, lambda: graph["end"].backward())


def make(workload, problem):
    if workload.startswith("graph/"):
        return add_one(workload)
    kinds = {"step": training_step, "loss": loss_alone}
    kind = workload.split("/")[0]
    if kind not in kinds:
        raise Unsupported("not written for Chainer")
    return kinds[kind](problem)


serve(f"Chainer {chainer.__version__} (NumPy {numpy.__version__})", make)
