"""JAX: the whole training step, Adam included, is one jit-compiled function whose arguments are donated."""
import jax
import jax.numpy as jnp

from peer import Block, Unsupported, serve


def weighted_cross_entropy(scores, t, class_weight):
    log_p = jax.nn.log_softmax(scores)
    return -jnp.mean(class_weight[t] * jnp.take_along_axis(log_p, t[:, None], axis=1)[:, 0])


def weighted_binary_cross_entropy(logits, t, positive_weight):
    return jnp.mean(jnp.where(t == 1, positive_weight * jax.nn.softplus(-logits), jax.nn.softplus(logits)))


def predict(parameters, x):
    for W, b in parameters[:-1]:
        x = jax.nn.relu(x @ W.T + b)
    W, b = parameters[-1]
    return x @ W.T + b


def training_step(problem):
    x, t, weight = jnp.asarray(problem.x), jnp.asarray(problem.t), jnp.asarray(problem.class_weight)
    alpha = problem.alpha
    state = {}

    def step(parameters, m, v, count, x, t):
        loss, gradients = jax.value_and_grad(lambda p: weighted_cross_entropy(predict(p, x), t, weight))(parameters)
        count = count + 1
        rate = alpha * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        m = jax.tree.map(lambda m, g: m + 0.1 * (g - m), m, gradients)
        v = jax.tree.map(lambda v, g: v + 0.001 * (g * g - v), v, gradients)
        parameters = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-8), parameters, m, v)
        return parameters, m, v, count, loss

    jitted = jax.jit(step, donate_argnums=(0, 1, 2, 3))

    def reset():
        parameters = jax.tree.map(jnp.array, problem.parameters)
        state["now"] = (parameters, jax.tree.map(jnp.zeros_like, parameters),
                        jax.tree.map(jnp.zeros_like, parameters), jnp.float32(0))
        jax.block_until_ready(state["now"])

    def work():
        now = state.pop("now")
        for _ in range(problem.steps):
            *now, loss = jitted(*now, x, t)
        return float(jax.block_until_ready(loss))

    return Block(problem.steps, reset, work, problem.expected_loss)


def loss_alone(problem):
    x, t, weight = jnp.asarray(problem.x), jnp.asarray(problem.t), jnp.asarray(problem.class_weight)
    loss_of = weighted_binary_cross_entropy if x.shape[1] == 1 else weighted_cross_entropy
    loss_and_gradient = jax.jit(jax.value_and_grad(lambda x: loss_of(x, t, weight)))

    def work():
        for _ in range(problem.steps):
            loss, gradient = jax.block_until_ready(loss_and_gradient(x))
        return float(loss)

    return Block(problem.steps, lambda: None, work, problem.expected_loss)


def make(workload, problem):
    kinds = {"step": training_step, "loss": loss_alone}
    kind = workload.split("/")[0]
    if kind not in kinds:
        raise Unsupported("not written for JAX")
    return kinds[kind](problem)


serve(f"JAX {jax.__version__} jit", make)
