"""scikit-learn: MLPClassifier.partial_fit with the whole batch, one step per call.

It has no class weights; `sample_weight`, since 1.7, has the same effect. With two classes it trains one logistic
output instead of two scores, which is less work and not comparable, so that case is left out.
"""
import numpy
import sklearn
from sklearn.neural_network import MLPClassifier

from peer import Block, Unsupported, serve


def make(workload, problem):
    if not workload.startswith("step/"):
        raise Unsupported("scikit-learn has no such thing")
    n_class = len(problem.class_weight)
    if n_class == 2:
        raise Unsupported("one logistic output in place of two scores: less work")
    x, t = problem.x, problem.t
    sample_weight = problem.class_weight[t]
    hidden = [len(b) for W, b in problem.parameters[:-1]]
    state = {}

    def reset():
        model = MLPClassifier(hidden, alpha=0, batch_size=len(x), learning_rate_init=problem.alpha, shuffle=False)
        # The first call creates the weights and the optimizer, and does a step, which is then undone.
        model.partial_fit(x, t, classes=numpy.arange(n_class), sample_weight=sample_weight)
        for i, (W, b) in enumerate(problem.parameters):
            model.coefs_[i][...], model.intercepts_[i][...] = W.T, b
        optimizer = model._optimizer
        optimizer.t = 0
        for moment in optimizer.ms + optimizer.vs:
            moment[...] = 0
        model.t_ = 0
        state["model"] = model

    def work():
        model = state["model"]
        for _ in range(problem.steps):
            model.partial_fit(x, t, sample_weight=sample_weight)
        return float(model.loss_)

    return Block(problem.steps, reset, work, problem.expected_loss)


serve(f"scikit-learn {sklearn.__version__}", make)
