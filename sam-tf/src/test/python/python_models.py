"""Writes the models of Python's that the tests load, with what Python computes of them.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python python_models.py ../resources/org/samtf/model/python

With names of functions of this script behind the directory, only the models of those are written.

For each model there is a directory with the SavedModel in `model`, and `case.json`: inputs, the outputs of
its signature, the gradients of a loss by GradientTape, and the weights after five steps of SAM that are
computed here. Numbers are the bytes of little-endian float32 (or int32), in base64; texts are separated by spaces.
"""

import base64
import json
import os
import pathlib
import shutil
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np
import tensorflow as tf
import tf_keras

RHO = 0.05
LEARNING_RATE = 0.02
STEPS = 5
BATCH = 3


def encoded(value):
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        texts = [t.decode() if isinstance(t, bytes) else str(t) for t in array.reshape(-1)]
        return {"dtype": "string", "shape": list(array.shape), "data": " ".join(texts)}
    dtype = "int32" if array.dtype.kind in "iu" else "float32"
    data = array.astype("<i4" if dtype == "int32" else "<f4").tobytes()
    return {"dtype": dtype, "shape": list(array.shape), "data": base64.b64encode(data).decode()}


def floats(random, *shape):
    return random.standard_normal(shape).astype(np.float32)


def mean_square(outputs, targets):
    """The mean over all entries of each output; their sum."""
    return tf.add_n([tf.reduce_mean(tf.square(tf.cast(outputs[k], tf.float32) - targets[k])) for k in sorted(outputs)])


def perturbed(variables, gradients):
    norm = tf.sqrt(tf.add_n([tf.reduce_sum(tf.square(g)) for g in gradients]))
    for variable, gradient in zip(variables, gradients):
        variable.assign_add(RHO * gradient / norm)


def write(root, name, save, call, inputs, variables, names, frozen=(), signature="serving_default", state=(), state_names=()):
    """Writes one model.

    call: from inputs to a dictionary of outputs, as the signature has them
    variables: those to train; names: what they are called in Java
    state: what a call assigns to, such as moving averages; a step does so once, of the weights before it
    """
    directory = root / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    random = np.random.default_rng(7)
    save(str(directory / "model"))
    tensors = {k: tf.constant(v) for k, v in inputs.items()}


    def without_effect(function):
        """What a function returns, and what it leaves in the state; that is put back."""
        before = [tf.identity(v) for v in state]
        result = function()
        after = [tf.identity(v) for v in state]
        for variable, value in zip(state, before):
            variable.assign(value)
        return result, after

    outputs, _ = without_effect(lambda: call(tensors))
    targets = {k: outputs[k].numpy().astype(np.float32) + 0.5 * floats(random, *outputs[k].shape) for k in sorted(outputs)}

    def gradients():
        with tf.GradientTape() as tape:
            loss = mean_square(call(tensors), targets)
        return loss, [tf.convert_to_tensor(g) for g in tape.gradient(loss, variables)]

    (loss, first), _ = without_effect(gradients)
    case = {
        "signature": signature,
        "inputs": {k: encoded(v) for k, v in inputs.items()},
        "outputs": {k: encoded(v) for k, v in outputs.items()},
        "targets": {k: encoded(v) for k, v in targets.items()},
        "loss": float(loss),
        "rho": RHO,
        "learningRate": LEARNING_RATE,
        "gradients": {n: encoded(g) for n, g in zip(names, first)},
        "notTrainable": list(frozen),
    }
    losses = []
    for _ in range(STEPS):
        before = [tf.identity(v) for v in variables]
        (loss, at), moved = without_effect(gradients)
        losses.append(float(loss))
        perturbed(variables, at)
        (_, second), _ = without_effect(gradients)
        for variable, weight, gradient in zip(variables, before, second):
            variable.assign(weight - LEARNING_RATE * gradient)
        for variable, value in zip(state, moved):
            variable.assign(value)
    case["losses"] = losses
    if state:
        case["updated"] = {n: encoded(v) for n, v in zip(state_names, state)}
    case["weights"] = {n: encoded(v) for n, v in zip(names, variables)}
    (directory / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    size = sum(f.stat().st_size for f in directory.rglob("*") if f.is_file())
    print(f"{name}: {size} bytes, {len(names)} variables, loss {losses[0]:.4g} -> {losses[-1]:.4g}")


def randomized(variables, seed=3):
    """No variable stays at a value that hides mistakes, such as zeros or ones."""
    random = np.random.default_rng(seed)
    for variable in variables:
        value = variable.numpy()
        if value.dtype.kind == "f":
            noise = 0.1 * random.standard_normal(value.shape).astype(value.dtype)
            name = getattr(variable, "path", variable.name)
            variable.assign(value + (np.abs(noise) if "variance" in name else noise))


def keras2_names(variables):
    return [v.name.split(":")[0] for v in variables]


def keras2(root, name, model, inputs, keys=None, frozen=None):
    """A model of Keras 2, saved as Keras 2 does."""
    randomized(model.variables)
    order = [t.name.split(":")[0] for t in model.inputs]
    outputs = keys or [model.output_names[0]]

    def call(tensors):
        result = model([tensors[k] for k in order] if len(order) > 1 else tensors[order[0]], training=False)
        return dict(zip(outputs, result if isinstance(result, (list, tuple)) else [result]))

    write(
        root,
        name,
        lambda directory: model.save(directory, save_format="tf", include_optimizer=False) or lean(directory),
        call,
        dict(zip(order, inputs)),
        model.trainable_variables,
        keras2_names(model.trainable_variables),
        keras2_names(model.non_trainable_variables),
    )


def keras3(root, name, model, inputs, save=None):
    """A model of Keras 3, exported, or saved by TensorFlow itself."""
    randomized(model.variables)
    order = [t.name for t in model.inputs] if save is None else ["inputs"]

    def call(tensors):
        return {"output_0": model(tensors[order[0]], training=False)}

    write(
        root,
        name,
        save or (lambda directory: model.export(directory, verbose=False)),
        call,
        dict(zip(order, inputs)),
        [v.value for v in model.trainable_variables],
        [v.path for v in model.trainable_variables],
        [v.path for v in model.non_trainable_variables if "seed_generator" not in v.path],
    )


class Regression(tf.Module):
    """A module without Keras: variables in lists and without names, a function that calls another."""

    def __init__(self):
        super().__init__(name="regression")
        with self.name_scope:
            self.kernel = tf.Variable([[0.3, -0.2], [0.1, 0.4], [-0.5, 0.2]], name="kernel")
        self.scales = [tf.Variable([1.5, -0.5]), tf.Variable([0.25, 0.75])]
        self.offset = tf.Variable([0.1, 0.2], trainable=False, name="offset")

    @tf.function
    def features(self, x):
        return tf.nn.silu(x @ self.kernel + self.offset)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def predict(self, x):
        return {"y": self.features(x) * self.scales[0] + self.features(-x) * self.scales[1]}


    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x"), tf.TensorSpec([None, 2], tf.float32, name="target")])
    def train(self, x, target):
        """A step of gradient descent that is written out."""
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.predict(x)["y"] - target))
        self.kernel.assign_sub(0.1 * tape.gradient(loss, self.kernel))
        return {"loss": loss}

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def next(self, x):
        """What was read before an assignment is used long after it."""
        old = self.kernel.read_value()
        self.kernel.assign_add(tf.ones([3, 2]))
        for _ in range(200):
            x = tf.tanh(x @ tf.eye(3))
        return {"y": x @ tf.reshape(old, [3, 2])}

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def reversed(self, x):
        """A gradient that is not that of the ops: it goes the other way."""

        @tf.custom_gradient
        def reverse(y):
            return tf.identity(y), lambda gradient: -gradient

        return {"y": reverse(x @ self.kernel)}

    @tf.function(input_signature=[tf.TensorSpec([3, 2], tf.float32, name="gradient")])
    def apply(self, gradient):
        """An update by an op that takes the variable itself."""
        tf.raw_ops.ResourceApplyGradientDescent(var=self.kernel.handle, alpha=0.1, delta=gradient)
        return {"kernel": self.kernel.read_value()}


def images(random):
    return floats(random, BATCH, 8, 8, 2)


def all_models(root):
    random = np.random.default_rng(1)
    k2, k3 = tf_keras.layers, keras.layers

    def network(k, n, *layers, shape=(4,), dtype="float32"):
        (tf_keras if k is k2 else keras).backend.clear_session()
        (tf_keras if k is k2 else keras).utils.set_random_seed(5)
        return n.Sequential([k.Input(shape, dtype=dtype), *layers])

    def dense_network(k, n):
        return network(k, n, k.Dense(6, activation="gelu"), k.Dense(4, activation="swish"), k.Dense(3, activation="softmax"))

    keras2(root, "keras2_dense", dense_network(k2, tf_keras), [floats(random, BATCH, 4)])
    keras3(root, "keras3_dense", dense_network(k3, keras), [floats(random, BATCH, 4)])
    model = dense_network(k3, keras)
    keras3(root, "keras3_saved", model, [floats(random, BATCH, 4)], lambda d: tf.saved_model.save(model, d))

    def convolutional(k, n):
        return network(
            k, n,
            k.Conv2D(4, 3, padding="same"), k.BatchNormalization(), k.ReLU(), k.MaxPooling2D(), k.Dropout(0.3),
            k.Flatten(), k.Dense(3),
            shape=(8, 8, 2),
        )

    keras2(root, "keras2_convolutional", convolutional(k2, tf_keras), [images(random)])
    keras3(root, "keras3_convolutional", convolutional(k3, keras), [images(random)])

    def separable(k, n):
        return network(
            k, n,
            k.Conv2D(4, 3, strides=2, padding="same", use_bias=False), k.BatchNormalization(), k.ReLU(6.0),
            k.DepthwiseConv2D(3, padding="same", use_bias=False), k.BatchNormalization(), k.ReLU(6.0),
            k.SeparableConv2D(6, 3, padding="same"), k.UpSampling2D(interpolation="bilinear"),
            k.Conv2DTranspose(3, 2), k.GlobalAveragePooling2D(), k.Dense(3),
            shape=(8, 8, 2),
        )

    keras2(root, "keras2_separable", separable(k2, tf_keras), [images(random)])

    def transformer(k, n):
        (tf_keras if k is k2 else keras).backend.clear_session()
        (tf_keras if k is k2 else keras).utils.set_random_seed(5)
        tokens = k.Input((5,), dtype="int32", name="tokens")
        x = k.Embedding(11, 8)(tokens)
        attended = k.MultiHeadAttention(2, 4)(x, x)
        x = k.LayerNormalization()(k.Add()([x, attended]))
        fed = k.Dense(8)(k.Dense(12, activation="gelu")(x))
        x = k.LayerNormalization()(k.Add()([x, fed]))
        return n.Model(tokens, k.Dense(3)(k.GlobalAveragePooling1D()(x)))

    tokens = random.integers(0, 11, (BATCH, 5)).astype(np.int32)
    keras2(root, "keras2_transformer", transformer(k2, tf_keras), [tokens])
    keras3(root, "keras3_transformer", transformer(k3, keras), [tokens])

    sequence = floats(random, BATCH, 4, 3)
    keras2(root, "keras2_gru_unrolled", network(k2, tf_keras, k2.GRU(4, unroll=True), k2.Dense(2), shape=(4, 3)), [sequence])
    keras3(root, "keras3_lstm_unrolled", network(k3, keras, k3.LSTM(4, unroll=True), k3.Dense(2), shape=(4, 3)), [sequence])
    keras3(root, "keras3_lstm", network(k3, keras, k3.LSTM(4), k3.Dense(2), shape=(4, 3)), [sequence])

    keras.mixed_precision.set_global_policy("mixed_float16")
    mixed = network(k3, keras, k3.Dense(6, activation="relu"), k3.Dense(3, dtype="float32"))
    keras3(root, "keras3_mixed_float16", mixed, [floats(random, BATCH, 4)])
    keras.mixed_precision.set_global_policy("float32")

    tf_keras.backend.clear_session()
    tf_keras.utils.set_random_seed(5)
    a, b = k2.Input((3,), name="first"), k2.Input((2,), name="second")
    joined = k2.Concatenate()([k2.Dense(4, activation="tanh")(a), k2.Dense(3, activation="elu")(b)])
    two = tf_keras.Model([a, b], [k2.Dense(2, name="score")(joined), k2.Dense(1, activation="sigmoid", name="chance")(joined)])
    keras2(root, "keras2_two", two, [floats(random, BATCH, 3), floats(random, BATCH, 2)], ["score", "chance"])


def modules(root):
    random = np.random.default_rng(2)
    module = Regression()
    signatures = {name: getattr(module, name) for name in ("predict", "train", "next", "reversed", "apply")}
    write(
        root, "module",
        lambda d: tf.saved_model.save(module, d, signatures=signatures),
        lambda t: module.predict(t["x"]),
        {"x": floats(random, BATCH, 3)},
        [module.kernel, *module.scales], ["regression/kernel", "scales/0", "scales/1"], ["offset"], "predict",
    )
    module = Regression()
    x, target = floats(random, BATCH, 3), floats(random, BATCH, 2)
    steps = [module.train(x, target)["loss"].numpy() for _ in range(3)]
    case = {"x": encoded(x), "target": encoded(target), "losses": encoded(np.array(steps)), "kernel": encoded(module.kernel)}
    case["next"] = encoded(np.stack([module.next(x)["y"] for _ in range(3)]))
    (root / "module" / "train.json").write_text(json.dumps(case, indent=1) + "\n")


def optimizers(root):
    """A signature that trains by an optimizer of Keras 2, whose updates take the variables themselves."""
    tf_keras.backend.clear_session()
    legacy = tf_keras.optimizers.legacy

    class Trained(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable([[0.3, -0.2], [0.1, 0.4], [-0.5, 0.2]], name="kernel")
            self.bias = tf.Variable([0.1, -0.2], name="bias")
            self.optimizer = legacy.Adam(0.1)

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x"), tf.TensorSpec([None, 2], tf.float32, name="target")])
        def train(self, x, target):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(tf.tanh(x @ self.kernel + self.bias) - target))
            variables = [self.kernel, self.bias]
            self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
            return {"loss": loss}

    random = np.random.default_rng(14)
    x, target = floats(random, BATCH, 3), floats(random, BATCH, 2)
    module = Trained()
    directory = root / "keras2_adam" / "model"
    tf.saved_model.save(module, str(directory), signatures={"train": module.train})
    lean(directory)
    losses = [module.train(x, target)["loss"].numpy() for _ in range(5)]
    case = {"x": encoded(x), "target": encoded(target), "losses": encoded(np.array(losses)), "kernel": encoded(module.kernel), "bias": encoded(module.bias)}
    (directory.parent / "train.json").write_text(json.dumps(case, indent=1) + "\n")


def tensorflow1(root):
    """A graph of TensorFlow 1 with resource variables, batch normalization, and its training in it."""
    v1 = tf.compat.v1
    random = np.random.default_rng(4)
    directory = root / "tensorflow1"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(3)
        x = v1.placeholder(tf.float32, [None, 4], "x")
        target = v1.placeholder(tf.float32, [None, 2], "target")
        hidden = v1.get_variable("hidden/kernel", [4, 5], use_resource=True)
        scale = v1.get_variable("norm/scale", [5], initializer=v1.ones_initializer(), use_resource=True)
        mean = v1.get_variable("norm/mean", [5], trainable=False, use_resource=True)
        out = v1.get_variable("out/kernel", [5, 2], use_resource=True)
        pre = tf.matmul(x, hidden)
        update = mean.assign_sub(0.1 * (mean - tf.reduce_mean(pre, 0)))
        v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, update.op)
        y = tf.identity(tf.matmul(tf.nn.relu((pre - mean) * scale), out), "y")
        loss = tf.reduce_mean(tf.square(y - target), name="loss")
        variables = [hidden, scale, out]
        gradients = tf.gradients(loss, variables)
        v1.train.AdamOptimizer(0.01).minimize(loss, name="train")
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(directory / "model"), {"x": x}, {"y": y})
        v1.train.Saver().save(session, str(directory / "graph"), write_state=False)
        inputs = floats(random, BATCH, 4)
        outputs = session.run(y, {x: inputs})
        targets = outputs + 0.5 * floats(random, *outputs.shape)
        feeds = {x: inputs, target: targets}

        def at(values):
            for variable, value in zip(variables, values):
                variable.load(value, session)
            return session.run([loss, gradients], feeds)

        weights = session.run(variables)
        names = [v.name.split(":")[0] for v in variables]
        first_loss, first = at(weights)
        case = {
            "signature": "serving_default",
            "inputs": {"x": encoded(inputs)},
            "outputs": {"y": encoded(outputs)},
            "targets": {"y": encoded(targets)},
            "loss": float(first_loss),
            "rho": RHO,
            "learningRate": LEARNING_RATE,
            "gradients": {n: encoded(g) for n, g in zip(names, first)},
            "notTrainable": ["norm/mean"],
        }
        losses, means = [], []
        moving = session.run(mean)
        for _ in range(STEPS):
            mean.load(moving, session)
            value, g = at(weights)
            losses.append(float(value))
            norm = np.sqrt(sum(np.sum(np.square(part)) for part in g))
            _, second = at([w + RHO * part / norm for w, part in zip(weights, g)])
            at(weights)
            # What the collection update_ops asks for, once a step, of the weights before it.
            session.run(update, feeds)
            moving = session.run(mean)
            weights = [w - LEARNING_RATE * part for w, part in zip(weights, second)]
        case["losses"] = losses
        case["weights"] = {n: encoded(w) for n, w in zip(names, weights)}
        case["updated"] = {"norm/mean": encoded(moving)}
    (directory / "case.json").write_text(json.dumps(case, indent=1) + "\n")


def frozen(root):
    """A frozen graph of Keras 2: constants in the place of variables."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    tf_keras.backend.clear_session()
    tf_keras.utils.set_random_seed(5)
    layers = tf_keras.layers
    model = tf_keras.Sequential([
        layers.Input((8, 8, 2), name="x"),
        layers.Conv2D(4, 3), layers.ReLU(), layers.Flatten(), layers.Dense(5, activation="tanh"), layers.Dense(2),
    ])
    randomized(model.variables)
    function = tf.function(lambda x: model(x)).get_concrete_function(tf.TensorSpec([None, 8, 8, 2], name="x"))
    graph = convert_variables_to_constants_v2(function).graph.as_graph_def()
    names = []
    for variable in model.trainable_variables:
        for node in graph.node:
            if node.op == "Const" and np.array_equal(tf.make_ndarray(node.attr["value"].tensor), variable.numpy()):
                names.append(node.name)
    directory = root / "frozen"
    write(
        root, "frozen",
        lambda d: tf.io.write_graph(graph, str(directory), "frozen.pb", as_text=False),
        lambda t: {"Identity": model(t["x"], training=False)},
        {"x": floats(np.random.default_rng(8), BATCH, 8, 8, 2)},
        model.trainable_variables, names,
    )


def flowers(root):
    """The model of docs/saved-models.md."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(5)
    layers = keras.layers
    model = keras.Sequential([
        layers.Input((6, 6, 1), name="images"),
        layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(),
        layers.Flatten(), layers.Dense(3),
    ])
    keras3(root, "keras3_flowers", model, [floats(np.random.default_rng(6), BATCH, 6, 6, 1)])


def training_modes(root):
    """Functions that were traced with training=True."""
    tf_keras.backend.clear_session()
    tf_keras.utils.set_random_seed(5)
    layers = tf_keras.layers
    norm = layers.BatchNormalization(momentum=0.9, name="norm")
    image = layers.Input((5, 5, 1), name="image")
    # One layer in two places, so that it is updated twice in a step.
    shared = norm(layers.Conv2D(2, 2, name="conv2")(norm(layers.Conv2D(2, 2, name="conv1")(image))))
    score = layers.Dense(2, name="score")(layers.Flatten()(layers.ReLU()(shared)))
    chance = layers.Dense(1, activation="sigmoid", name="chance")(layers.Flatten()(shared))
    model = tf_keras.Model(image, [score, chance])
    randomized(model.variables)
    names = keras2_names(model.trainable_variables)
    state = keras2_names(model.non_trainable_variables)
    write(
        root, "keras2_training",
        lambda d: model.save(d, save_format="tf", include_optimizer=False),
        lambda t: dict(zip(["score", "chance"], model(t["image"], training=True))),
        {"image": floats(np.random.default_rng(9), BATCH, 5, 5, 1)},
        model.trainable_variables, names, state, "serving_default/training",
        model.non_trainable_variables, state,
    )

    # Keras 3 holds the state of its random numbers in variables, so that dropout is the same in Java.
    keras.backend.clear_session()
    keras.utils.set_random_seed(5)
    layers = keras.layers
    model = keras.Sequential([
        layers.Input((4,), name="x"), layers.Dense(5), layers.BatchNormalization(momentum=0.9), layers.ReLU(),
        layers.Dropout(0.3, seed=11), layers.Dense(2),
    ])
    randomized(model.variables)

    def save(directory):
        archive = keras.export.ExportArchive()
        archive.track(model)
        spec = [keras.InputSpec(shape=(None, 4), dtype="float32", name="x")]
        archive.add_endpoint("serve", lambda x: model(x, training=False), input_signature=spec)
        archive.add_endpoint("train", lambda x: model(x, training=True), input_signature=spec)
        archive.write_out(directory, verbose=False)

    state = [v for v in model.non_trainable_variables]
    write(
        root, "keras3_training", save,
        lambda t: {"output_0": model(t["x"], training=True)},
        {"x": floats(np.random.default_rng(11), BATCH, 4)},
        [v.value for v in model.trainable_variables],
        [v.path for v in model.trainable_variables],
        [v.path for v in state], "train", [v.value for v in state], [v.path for v in state],
    )

    class Normalized(tf.Module):
        """No signature: its functions are what it has."""

        def __init__(self):
            super().__init__()
            self.w = tf.Variable([[0.3, -0.2], [0.1, 0.4], [-0.5, 0.2]], name="w")
            self.mean = tf.Variable([0.1, -0.1], trainable=False, name="mean")
            self.calls = tf.Variable(3, trainable=False, name="calls")
            self.generator = tf.random.Generator.from_state([1, 2, 3], alg="philox")

        @tf.function
        def __call__(self, x, training=False):
            y = x @ self.w
            if training:
                mean = tf.reduce_mean(y, 0)
                self.mean.assign(0.8 * self.mean + 0.2 * mean)
                y *= 1.0 / tf.cast(self.calls, tf.float32)
                self.calls.assign_add(1)
                y += 0.1 * self.generator.normal(tf.shape(y)) * self.generator.uniform(tf.shape(y))
            else:
                mean = self.mean
            return {"y": tf.tanh(y - mean)}

    module = Normalized()
    module(tf.zeros([1, 3]), training=True)
    module.mean.assign([0.1, -0.1])
    module.calls.assign(3)
    module.generator.state.assign([1, 2, 3])
    spec = tf.TensorSpec([None, 3], tf.float32, name="x")
    for training in (False, True):
        module.__call__.get_concrete_function(spec, training=training)
    write(
        root, "module_training",
        lambda d: tf.saved_model.save(module, d),
        lambda t: module(t["x"], training=True),
        {"x": floats(np.random.default_rng(10), BATCH, 3)},
        [module.w], ["w"], ["mean", "calls", "StateVar"], "__call__/training",
        [module.mean, module.calls, module.generator.state], ["mean", "calls", "StateVar"],
    )


def control_flow(root):
    """Loops whose length is known, and choices."""

    class Loops(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable([[0.3, -0.2, 0.1], [0.1, 0.4, -0.3], [-0.5, 0.2, 0.2]], name="w")
            self.b = tf.Variable([0.1, 0.05, -0.1], name="b")

        @tf.function(input_signature=[tf.TensorSpec([None, 3, 3], tf.float32, name="x")])
        def compute(self, x):
            counted = x
            for i in tf.range(1, 7, 2):
                counted = tf.tanh(counted @ self.w + self.b * tf.cast(i, tf.float32))
            nested = x
            for i in tf.range(2):
                for j in tf.range(i + 1):
                    if i == j:
                        nested = tf.tanh(nested @ self.w)
                    else:
                        nested = nested + self.b
            time_first = tf.transpose(x, [1, 0, 2])
            rows = tf.TensorArray(tf.float32, 4, element_shape=[None, 3])
            step = 0
            while step < 3 and rows.size() > 0:
                rows = rows.write(step, time_first[step] @ self.w)
                step += 1
            return {
                "counted": counted,
                "nested": nested,
                "mapped": tf.map_fn(lambda row: tf.sigmoid(row @ self.w), time_first),
                "scanned": tf.scan(lambda a, row: tf.tanh(a @ self.w + row), time_first),
                "written": rows.stack(),
                "chosen": tf.cond(tf.reduce_sum(x) > 0, lambda: tf.tanh(x @ self.w), lambda: x + self.b),
                "cased": tf.switch_case(
                    tf.cast(tf.reduce_max(x) > 0, tf.int32), [lambda: x @ self.w, lambda: tf.nn.relu(x @ self.w), lambda: x]
                ),
            }

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def until(self, x):
            while tf.reduce_sum(tf.abs(x)) > 1.0:
                x = 0.5 * tf.tanh(x @ self.w)
            return {"y": x}

    module = Loops()
    write(
        root, "control_flow",
        lambda d: tf.saved_model.save(module, d, signatures={"compute": module.compute, "until": module.until}),
        lambda t: module.compute(t["x"]),
        {"x": floats(np.random.default_rng(12), BATCH, 3, 3)},
        [module.w, module.b], ["w", "b"], signature="compute",
    )


def lean(directory):
    """
    Leaves out functions that nothing calls, as Keras 2 saves recurrent layers for GPUs, too, and all gradients; and what
    TensorFlow computes again: the shapes of outputs, and what the ops are.
    """
    from tensorflow.core.protobuf import fingerprint_pb2, saved_model_pb2

    file = pathlib.Path(directory) / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    graph = model.meta_graphs[0]
    functions = {f.signature.name: f for f in graph.graph_def.library.function}
    todo = set(graph.object_graph_def.concrete_functions)

    def called(nodes):
        for node in nodes:
            for value in node.attr.values():
                yield value.func.name
                yield from (f.name for f in value.list.func)

    todo.update(called(graph.graph_def.node))
    kept = set()
    while todo:
        name = todo.pop()
        if name in functions and name not in kept:
            kept.add(name)
            todo.update(called(functions[name].node_def))
    for name in set(functions) - kept:
        graph.graph_def.library.function.remove(functions[name])
    for nodes in (graph.graph_def.node, *(f.node_def for f in graph.graph_def.library.function)):
        for node in nodes:
            node.attr.pop("_output_shapes", None)
    graph.meta_info_def.ClearField("stripped_op_list")
    file.write_bytes(model.SerializeToString(deterministic=True))
    # TensorFlow's fingerprint of the model as it is now.
    from tensorflow.python.saved_model.pywrap_saved_model import fingerprinting

    written = fingerprint_pb2.FingerprintDef.FromString(fingerprinting.CreateFingerprintDef(str(directory)))
    old = file.with_name("fingerprint.pb")
    written.version.CopyFrom(fingerprint_pb2.FingerprintDef.FromString(old.read_bytes()).version)
    old.write_bytes(written.SerializeToString())


def recurrent(root):
    """Recurrent layers as loops. Behind a dense layer of Keras 2 TensorFlow does not know how long the sequence is."""
    random = np.random.default_rng(13)
    for k, n, name in ((tf_keras.layers, tf_keras, "keras2_recurrent"), (keras.layers, keras, "keras3_recurrent")):
        n.backend.clear_session()
        n.utils.set_random_seed(5)
        model = n.Sequential([
            k.Input((3, 2), name="sequence"), k.Masking(), *([k.Dense(2)] if k is tf_keras.layers else []),
            k.Bidirectional((k.LSTM if k is tf_keras.layers else k.GRU)(2, return_sequences=True)), k.SimpleRNN(2),
        ])
        randomized(model.variables)
        sequence = floats(random, BATCH, 3, 2)
        sequence[0, 2] = 0
        variables = model.trainable_variables
        write(
            root, name,
            lambda d: model.export(d) or lean(d),
            lambda t: {"output_0": model(t["sequence"], training=False)},
            {"sequence": sequence},
            variables if k is tf_keras.layers else [v.value for v in variables],
            keras2_names(variables) if k is tf_keras.layers else [v.path for v in variables],
        )


def lookups(root):
    """Words are looked up in a table, whose words are in the graph, or in a file of the model."""
    layers = tf_keras.layers
    for name in ("keras2_lookup", "keras2_lookup_file"):
        tf_keras.backend.clear_session()
        tf_keras.utils.set_random_seed(5)
        words = ["one", "two", "three"]
        file = root / (name + ".txt")
        file.write_text("\n".join(words) + "\n")
        table = layers.StringLookup(vocabulary=str(file) if "file" in name else words)
        model = tf_keras.Sequential([
            layers.Input((2,), dtype="string", name="words"), table, layers.Embedding(4, 2), layers.Flatten(), layers.Dense(2),
        ])
        randomized(model.trainable_variables)
        write(
            root, name,
            model.export,
            lambda t: {"output_0": model(t["words"], training=False)},
            {"words": np.array([["one", "three"], ["four", "two"], ["two", "two"]])},
            model.trainable_variables, keras2_names(model.trainable_variables),
        )
        file.unlink()


if __name__ == "__main__":
    functions = [all_models, tensorflow1, modules, optimizers, frozen, flowers, training_modes, control_flow, recurrent, lookups]
    for function in functions:
        if len(sys.argv) < 3 or function.__name__ in sys.argv[2:]:
            function(pathlib.Path(sys.argv[1]))
