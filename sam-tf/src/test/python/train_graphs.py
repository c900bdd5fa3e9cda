"""Training graphs of TensorFlow 1 with the optimizer in them, and what SAM makes of their steps.

What SAM does is computed here without touching the graph: the gradients that the step's updates take
are fetched at w, w + epsilon is loaded into the variables, they are fetched again, w is loaded back,
and the step is run with these fed in place of its own.

    python train_graphs.py [DIRECTORY]

writes NAME.pb and train-graphs.json. Needs tensorflow-cpu 2.18.1 (requirements-train-graphs.txt).
"""

import json
import pathlib
import sys

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
STEPS = 5
RHO = 0.125


def values(seed, *shape):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32)


def variable(name, seed, *shape, resource=False):
    return tf1.get_variable(name, initializer=values(seed, *shape), use_resource=resource)


def batches(graph_input_shapes):
    """One batch a step: name of a placeholder to values."""
    steps = []
    for step in range(STEPS):
        batch = {}
        for number, (name, (kind, shape)) in enumerate(graph_input_shapes.items()):
            random = np.random.RandomState(100 * step + number)
            if kind == "int":
                batch[name] = random.randint(0, 3, shape)
            else:
                batch[name] = random.uniform(-1, 1, shape)
        steps.append(batch)
    return steps


def embedding(optimizer, resource):
    """Rows of a table, a layer, a cross-entropy of sparse labels, clipping by the global norm."""
    ids = tf1.placeholder(tf.int32, [6], "ids")
    labels = tf1.placeholder(tf.int32, [6], "labels")
    table = variable("table", 1, 7, 4, resource=resource)
    w1 = variable("layer/w", 2, 4, 5, resource=resource)
    b1 = variable("layer/b", 3, 5, resource=resource)
    w2 = variable("w2", 4, 5, 3, resource=resource)
    hidden = tf.tanh(tf.matmul(tf.nn.embedding_lookup(table, ids), w1) + b1)
    loss = tf.reduce_mean(
        tf1.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=hidden @ w2)
    )
    pairs = optimizer.compute_gradients(loss)
    clipped, _ = tf.clip_by_global_norm([g for g, _ in pairs], 0.5)
    step = tf1.train.create_global_step()
    optimizer.apply_gradients(zip(clipped, [v for _, v in pairs]), global_step=step, name="train")
    return clipped, [v for _, v in pairs], {"ids": ("int", [6]), "labels": ("int", [6])}


def batch_norm(optimizer):
    """A convolution, batch normalization whose averages the step moves, weight decay."""
    x = tf1.placeholder(tf.float32, [4, 5, 5, 1], "x")
    y = tf1.placeholder(tf.float32, [4, 2], "y")
    kernel = variable("kernel", 5, 3, 3, 1, 3)
    gamma = variable("gamma", 6, 3)
    beta = variable("beta", 7, 3)
    w = variable("w", 8, 3, 2)
    mean = tf1.get_variable("moving_mean", [3], initializer=tf1.zeros_initializer, trainable=False,
                            use_resource=False)
    z, batch_mean, _ = tf1.nn.fused_batch_norm(
        tf.nn.conv2d(x, kernel, 1, "SAME"), gamma, beta, is_training=True)
    moved = tf1.assign(mean, 0.9 * mean + 0.1 * batch_mean)
    out = tf.reduce_mean(tf.nn.relu(z), [1, 2]) @ w
    loss = tf.reduce_mean(tf.square(out - y)) + 0.01 * tf.nn.l2_loss(kernel)
    pairs = optimizer.compute_gradients(loss)
    with tf.control_dependencies([moved]):
        optimizer.apply_gradients(pairs, name="train")
    shapes = {"x": ("float", [4, 5, 5, 1]), "y": ("float", [4, 2])}
    return [g for g, _ in pairs], [v for _, v in pairs], shapes


def recurrent(optimizer, resource):
    """A cell in a loop with back edges, which reads its inputs from a tensor array and writes its outputs to one; a
    second loop over what comes out; clipping by the global norm."""
    x = tf1.placeholder(tf.float32, [3, 2, 4], "x")
    y = tf1.placeholder(tf.float32, [2, 2], "y")
    into = variable("cell/into", 11, 4, 3, resource=resource)
    across = variable("cell/across", 12, 3, 3, resource=resource)
    out = variable("out", 13, 3, 2, resource=resource)
    arguments = dict(dtype=tf.float32, size=3, clear_after_read=False)
    inputs = tf.TensorArray(**arguments).unstack(x)

    def cell(time, state, outputs):
        state = tf.tanh(inputs.read(time) @ into + state @ across)
        return time + 1, state, outputs.write(time, state * tf.cast(time + 1, tf.float32))

    _, _, outputs = tf1.while_loop(
        lambda time, *_: time < 3, cell, [tf.constant(0), tf.zeros([2, 3]), tf.TensorArray(**arguments)])
    mean = tf.reduce_mean(outputs.stack(), 0)
    _, squashed = tf1.while_loop(
        lambda time, _: time < 2, lambda time, h: (time + 1, tf.sigmoid(h @ across)), [tf.constant(0), mean])
    loss = tf.reduce_mean(tf.square(squashed @ out - y))
    pairs = optimizer.compute_gradients(loss)
    clipped, _ = tf.clip_by_global_norm([g for g, _ in pairs], 0.5)
    optimizer.apply_gradients(zip(clipped, [v for _, v in pairs]), name="train")
    return clipped, [v for _, v in pairs], {"x": ("float", [3, 2, 4]), "y": ("float", [2, 2])}


def parts(gradient):
    """What of a gradient an update takes: the tensor, or the rows' values."""
    return gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient


def dense(gradient, fetched, indices, shape):
    if not isinstance(gradient, tf.IndexedSlices):
        return fetched
    whole = np.zeros(shape, np.float32)
    np.add.at(whole, indices, fetched)
    return whole


def trajectory(session, gradients, variables, shapes):
    session.run("init")
    watched = [v for v in tf1.global_variables()]
    taken = [parts(g) for g in gradients]
    rows = [g.indices if isinstance(g, tf.IndexedSlices) else tf.constant(0) for g in gradients]
    weights, norms = [], []
    for batch in batches(shapes):
        feed = {name + ":0": value for name, value in batch.items()}
        w, at_w, indices = session.run([variables, taken, rows], feed)
        g = [dense(*item, u.shape) for item, u in zip(zip(gradients, at_w, indices), w)]
        norm = np.sqrt(sum(np.sum(np.float64(u) ** 2) for u in g))
        for v, u, gradient in zip(variables, w, g):
            v.load(u + np.float32(RHO / norm) * gradient, session)
        second = session.run(taken, feed)
        for v, u in zip(variables, w):
            v.load(u, session)
        session.run("train", feed | dict(zip(taken, second)))
        weights.append({v.op.name: session.run(v).tolist() for v in watched})
        norms.append(float(norm))
    return weights, norms


def build(make, directory, name):
    graph = tf1.Graph()
    with graph.as_default(), tf1.Session() as session:
        tf1.disable_control_flow_v2()
        gradients, variables, shapes = make()
        tf.group(tf1.global_variables_initializer(), name="init")
        definition = graph.as_graph_def()
        (directory / (name + ".pb")).write_bytes(definition.SerializeToString())
        weights, norms = trajectory(session, gradients, variables, shapes)
        return {
            "name": name,
            "batches": [{k: v.tolist() for k, v in b.items()} for b in batches(shapes)],
            "shapes": {k: v[1] for k, v in shapes.items()},
            "gradient_norms": norms,
            "variables_after_step": weights,
        }


def refused(directory):
    """Steps that SAM cannot be put around."""
    with tf1.Graph().as_default() as graph:
        tf1.disable_control_flow_v2()
        w = variable("w", 9, 3, 3)
        x = tf1.placeholder(tf.float32, [2, 3], "x")
        _, out = tf1.while_loop(
            lambda i, h: i < 3,
            lambda i, h: (i + 1, tf.tanh(h @ w) * tf1.random_uniform([2, 3])), [tf.constant(0), x])
        tf1.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_mean(out**2), name="train")
        (directory / "random-in-loop.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with tf1.Graph().as_default() as graph:
        w = variable("w", 9, 3, 3)
        x = tf1.placeholder(tf.float32, [2, 3], "x")
        gradient = tf1.gradients(tf.reduce_mean((x @ w) ** 2), w)[0]
        tf.group(tf1.assign_sub(w, 0.1 * gradient), name="train")
        (directory / "plain-assign.pb").write_bytes(graph.as_graph_def().SerializeToString())


def main():
    default = pathlib.Path(__file__).parent.parent / "resources/org/samtf/train-graphs"
    directory = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    directory.mkdir(parents=True, exist_ok=True)
    momentum = tf1.train.MomentumOptimizer
    runs = [
        build(lambda: embedding(momentum(0.1, 0.9), False), directory, "momentum-rows"),
        build(lambda: embedding(tf1.train.AdagradOptimizer(0.1), True), directory,
              "adagrad-resource-rows"),
        build(lambda: batch_norm(tf1.train.AdamOptimizer(0.01)), directory, "adam-batch-norm"),
        build(lambda: batch_norm(tf1.train.RMSPropOptimizer(0.01)), directory,
              "rmsprop-batch-norm"),
        build(lambda: recurrent(momentum(0.1, 0.9), False), directory, "momentum-loops"),
        build(lambda: recurrent(tf1.train.AdamOptimizer(0.01), True), directory,
              "adam-resource-loops"),
    ]
    refused(directory)
    document = {"rho": RHO, "steps": STEPS, "runs": runs}
    (directory / "train-graphs.json").write_text(json.dumps(document))


if __name__ == "__main__":
    main()
