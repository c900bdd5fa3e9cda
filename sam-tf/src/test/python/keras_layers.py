"""Exports a tiny model with each layer of Keras, with what Python computes of it.

    python keras_layers.py DIRECTORY [VERSION [PATTERN]]

KerasLayersTest runs this and writes the table of docs/keras-layers.md. There is a directory for each model, as
python_models.py writes them (with one step of SAM), and `index.json` with a line for each: group, layer, variant,
version of Keras, and why it could not be exported, if so. In front of a layer is one with weights, so that the
gradient in the layer's input counts too. VERSION: 2 or 3, else both; PATTERN: a part of the layer's name.
"""

import json
import pathlib
import sys

import numpy as np

import python_models as models
from python_models import floats, keras, tf, tf_keras

models.STEPS = 1
BATCH = models.BATCH

VECTOR, SEQUENCE, IMAGE, VOLUME = (6,), (6, 4), (6, 6, 2), (4, 4, 4, 2)
FRAMES = (3, 5, 5, 2)


class Layers:
    """The cases of one version of Keras."""

    def __init__(self, module):
        self.module = module
        self.k = module.layers
        self.is3 = module is keras
        self.cases = []

    def add(self, group, layer, variant, build, shape, inputs=None):
        """build: from the input of the model to its output."""
        if hasattr(self.k, layer) or group == "activations":
            self.cases.append((group, layer, variant, build, shape, inputs))

    def after_dense(self, group, layer, shape, variant="", **arguments):
        """A layer behind one with weights, of the same shape."""
        def build(x):
            return getattr(self.k, layer)(**arguments)(self.k.Dense(shape[-1], name="before")(x))
        self.add(group, layer, variant, build, shape)

    def merging(self, layer, shape=VECTOR, variant="", **arguments):
        """A layer of two tensors with weights behind them."""
        def build(x):
            k = self.k
            return getattr(k, layer)(**arguments)([k.Dense(shape[-1], name="one")(x), k.Dense(shape[-1], name="other")(x)])
        self.add("merging", layer, variant, build, shape)

    def activation(self, name):
        def build(x):
            function = getattr(self.module.activations, name)
            if name == "threshold":  # has no defaults
                return self.k.Activation(lambda y: function(y, 0.2, 0.1))(self.k.Dense(6, name="before")(x))
            return self.k.Activation(name)(self.k.Dense(6, name="before")(x))
        self.add("activations", name, "", build, VECTOR)


def collect(module):
    of = Layers(module)
    k, plain = of.k, of.after_dense

    plain("core", "Dense", VECTOR, units=3)
    plain("core", "Dense", SEQUENCE, "of a sequence", units=3)
    plain("core", "EinsumDense", SEQUENCE, equation="abc,cd->abd", output_shape=(None, 3), bias_axes="d")
    tokens = np.random.default_rng(11).integers(0, 9, (BATCH, 5)).astype(np.int32)
    of.add("core", "Embedding", "", lambda x: k.Embedding(9, 4)(x), (5,), tokens)
    of.add("core", "Embedding", "mask_zero", lambda x: k.GlobalAveragePooling1D()(k.Embedding(9, 4, mask_zero=True)(x)), (5,), tokens)
    of.add("core", "ReversibleEmbedding", "", lambda x: k.ReversibleEmbedding(9, 4)(x), (5,), tokens)
    plain("core", "Activation", VECTOR, activation="relu")
    plain("core", "Identity", VECTOR)
    plain("core", "Masking", SEQUENCE)
    of.add("core", "Lambda", "", lambda x: k.Lambda(lambda y: y * 2.0)(k.Dense(6)(x)), VECTOR)
    plain("core", "ActivityRegularization", VECTOR, l2=0.1)

    plain("convolutions", "Conv1D", SEQUENCE, filters=3, kernel_size=3)
    plain("convolutions", "Conv1D", SEQUENCE, "strides, same", filters=3, kernel_size=3, strides=2, padding="same")
    plain("convolutions", "Conv1D", SEQUENCE, "dilation", filters=3, kernel_size=2, dilation_rate=2)
    plain("convolutions", "Conv1D", SEQUENCE, "causal", filters=3, kernel_size=2, padding="causal")
    plain("convolutions", "Conv1D", SEQUENCE, "groups", filters=4, kernel_size=3, groups=2)
    plain("convolutions", "Conv2D", IMAGE, filters=3, kernel_size=3)
    plain("convolutions", "Conv2D", IMAGE, "strides, same", filters=3, kernel_size=3, strides=2, padding="same")
    plain("convolutions", "Conv2D", IMAGE, "dilation", filters=3, kernel_size=2, dilation_rate=2)
    plain("convolutions", "Conv2D", IMAGE, "groups", filters=4, kernel_size=3, groups=2)
    plain("convolutions", "Conv3D", VOLUME, filters=3, kernel_size=2)
    plain("convolutions", "Conv3D", VOLUME, "strides, same", filters=3, kernel_size=3, strides=2, padding="same")
    plain("convolutions", "Conv3D", VOLUME, "dilation", filters=3, kernel_size=2, dilation_rate=2)
    plain("convolutions", "Conv3D", VOLUME, "groups", filters=4, kernel_size=2, groups=2)
    plain("convolutions", "DepthwiseConv1D", SEQUENCE, kernel_size=3)
    plain("convolutions", "DepthwiseConv1D", SEQUENCE, "strides, multiplier", kernel_size=3, strides=2, depth_multiplier=2)
    plain("convolutions", "DepthwiseConv2D", IMAGE, kernel_size=3)
    plain("convolutions", "DepthwiseConv2D", IMAGE, "strides, multiplier", kernel_size=3, strides=2, depth_multiplier=2)
    plain("convolutions", "DepthwiseConv2D", IMAGE, "dilation", kernel_size=2, dilation_rate=2)
    plain("convolutions", "SeparableConv1D", SEQUENCE, filters=3, kernel_size=3)
    plain("convolutions", "SeparableConv2D", IMAGE, filters=3, kernel_size=3)
    plain("convolutions", "SeparableConv2D", IMAGE, "strides, same", filters=3, kernel_size=3, strides=2, padding="same")
    plain("convolutions", "Conv1DTranspose", SEQUENCE, filters=3, kernel_size=3, strides=2)
    plain("convolutions", "Conv2DTranspose", IMAGE, filters=3, kernel_size=3, strides=2)
    plain("convolutions", "Conv2DTranspose", IMAGE, "same", filters=3, kernel_size=3, strides=2, padding="same")
    plain("convolutions", "Conv3DTranspose", VOLUME, filters=3, kernel_size=2, strides=2)
    plain("convolutions", "Conv3DTranspose", VOLUME, "same", filters=3, kernel_size=3, strides=2, padding="same")
    plain("convolutions", "LocallyConnected1D", SEQUENCE, filters=3, kernel_size=3)
    plain("convolutions", "LocallyConnected2D", IMAGE, filters=3, kernel_size=3)

    for dimensions, shape in ((1, SEQUENCE), (2, IMAGE), (3, VOLUME)):
        for kind in ("Max", "Average"):
            plain("pooling", f"{kind}Pooling{dimensions}D", shape, pool_size=2)
            plain("pooling", f"{kind}Pooling{dimensions}D", shape, "overlapping, same", pool_size=3, strides=2, padding="same")
            plain("pooling", f"Global{kind}Pooling{dimensions}D", shape)
            plain("pooling", f"Global{kind}Pooling{dimensions}D", shape, "keepdims", keepdims=True)
            plain("pooling", f"Adaptive{kind}Pooling{dimensions}D", shape, output_size=2)

    plain("normalization", "BatchNormalization", VECTOR)
    plain("normalization", "BatchNormalization", IMAGE, "of an image")
    plain("normalization", "BatchNormalization", VOLUME, "of a volume")
    plain("normalization", "LayerNormalization", VECTOR)
    plain("normalization", "LayerNormalization", IMAGE, "over several axes", axis=[1, 2, 3])
    plain("normalization", "LayerNormalization", SEQUENCE, "of a sequence")
    plain("normalization", "RMSNormalization", SEQUENCE)
    plain("normalization", "GroupNormalization", IMAGE, groups=2)
    plain("normalization", "GroupNormalization", SEQUENCE, "of a sequence", groups=-1)
    plain("normalization", "UnitNormalization", SEQUENCE)
    of.add("normalization", "SpectralNormalization", "", lambda x: k.SpectralNormalization(k.Dense(3))(k.Dense(6)(x)), VECTOR)
    of.add("normalization", "Normalization", "", lambda x: k.Dense(3)(k.Normalization(mean=[0.5] * 6, variance=[2.0] * 6)(x)), VECTOR)
    plain("normalization", "Normalization", VECTOR, "behind weights", mean=[0.5] * 6, variance=[2.0] * 6)

    def attention(layer, variant="", mask=False, **arguments):
        def build(x):
            q, v = k.Dense(4, name="query")(x), k.Dense(4, name="value")(x)
            return getattr(k, layer)(**arguments)([q, v])
        of.add("attention", layer, variant, build, SEQUENCE)

    attention("Attention")
    attention("Attention", "use_scale", use_scale=True)
    attention("Attention", "concat", score_mode="concat")
    attention("AdditiveAttention")
    attention("AdditiveAttention", "use_scale=False", use_scale=False)

    def self_attention(layer, variant="", call={}, **arguments):
        def build(x):
            y = k.Dense(4, name="before")(x)
            return getattr(k, layer)(**arguments)(y, y, **call)
        of.add("attention", layer, variant, build, SEQUENCE)

    self_attention("MultiHeadAttention", num_heads=2, key_dim=3)
    self_attention("MultiHeadAttention", "use_causal_mask", {"use_causal_mask": True}, num_heads=2, key_dim=3)
    self_attention("GroupQueryAttention", head_dim=3, num_query_heads=4, num_key_value_heads=2)
    self_attention("GroupQueryAttention", "use_causal_mask", {"use_causal_mask": True}, head_dim=3, num_query_heads=4, num_key_value_heads=2)

    for name in (
        "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu",
        "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink",
        "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh",
        "tanh_shrink", "threshold",
    ):
        if hasattr(module.activations, name):
            of.activation(name)
    if hasattr(module.activations, "gelu"):
        of.add("activations", "gelu", "approximate", lambda x: k.Activation(lambda y: module.activations.gelu(y, approximate=True))(k.Dense(6)(x)), VECTOR)
    plain("activation layers", "ReLU", VECTOR)
    plain("activation layers", "ReLU", VECTOR, "max_value, slope, threshold", max_value=1.0, negative_slope=0.1, threshold=0.2)
    plain("activation layers", "LeakyReLU", VECTOR)
    plain("activation layers", "PReLU", VECTOR)
    plain("activation layers", "ELU", VECTOR)
    plain("activation layers", "ThresholdedReLU", VECTOR, theta=0.2)
    plain("activation layers", "Softmax", SEQUENCE)
    plain("activation layers", "Softmax", SEQUENCE, "over two axes", axis=[1, 2])

    for interpolation in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic"):
        plain("resizing", "UpSampling2D", IMAGE, interpolation, interpolation=interpolation)
        plain("resizing", "Resizing", IMAGE, interpolation, height=9, width=5, interpolation=interpolation)
    plain("resizing", "Resizing", IMAGE, "crop_to_aspect_ratio", height=4, width=3, crop_to_aspect_ratio=True)
    plain("resizing", "UpSampling1D", SEQUENCE)
    plain("resizing", "UpSampling3D", VOLUME)
    plain("resizing", "CenterCrop", IMAGE, height=3, width=3)
    plain("resizing", "Cropping1D", SEQUENCE)
    plain("resizing", "Cropping2D", IMAGE)
    plain("resizing", "Cropping3D", VOLUME)
    plain("resizing", "ZeroPadding1D", SEQUENCE)
    plain("resizing", "ZeroPadding2D", IMAGE)
    plain("resizing", "ZeroPadding3D", VOLUME)
    plain("resizing", "Rescaling", IMAGE, scale=0.5, offset=0.1)

    plain("reshaping", "Reshape", SEQUENCE, target_shape=(3, 8))
    plain("reshaping", "Reshape", SEQUENCE, "-1", target_shape=(-1, 8))
    plain("reshaping", "Permute", SEQUENCE, dims=(2, 1))
    plain("reshaping", "Flatten", SEQUENCE)
    plain("reshaping", "RepeatVector", VECTOR, n=3)

    for layer in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
        of.merging(layer)
    of.merging("Dot", axes=1)
    of.merging("Dot", SEQUENCE, "of sequences", axes=2)
    of.merging("Dot", SEQUENCE, "normalize", axes=2, normalize=True)

    categories = np.random.default_rng(12).integers(0, 5, (BATCH, 3)).astype(np.int32)
    for mode in ("multi_hot", "one_hot", "count"):
        size = categories if mode != "one_hot" else categories[:, :1]
        of.add("preprocessing", "CategoryEncoding", mode, lambda x, mode=mode: k.Dense(3)(k.CategoryEncoding(5, output_mode=mode)(x)), size.shape[1:], size)
    of.add("preprocessing", "Discretization", "", lambda x: k.Embedding(4, 3)(k.Discretization(bin_boundaries=[-1.0, 0.0, 1.0])(x)), VECTOR)
    of.add("preprocessing", "Hashing", "", lambda x: k.Embedding(4, 3)(k.Hashing(4)(x)), (3,), categories)
    of.add("preprocessing", "IntegerLookup", "", lambda x: k.Embedding(8, 3)(k.IntegerLookup(vocabulary=[1, 2, 3, 4])(x)), (3,), categories)
    for layer, arguments in (
        ("RandomFlip", {}), ("RandomRotation", {"factor": 0.1}), ("RandomZoom", {"height_factor": 0.1}),
        ("RandomTranslation", {"height_factor": 0.1, "width_factor": 0.1}), ("RandomContrast", {"factor": 0.1}),
        ("RandomCrop", {"height": 4, "width": 4}), ("RandomBrightness", {"factor": 0.1}),
    ):
        plain("preprocessing", layer, IMAGE, **arguments)

    for layer in ("SimpleRNN", "LSTM", "GRU"):
        plain("recurrent", layer, SEQUENCE, units=3)
        plain("recurrent", layer, SEQUENCE, "return_sequences", units=3, return_sequences=True)
        plain("recurrent", layer, SEQUENCE, "unroll", units=3, unroll=True)
        plain("recurrent", layer, SEQUENCE, "unroll, return_sequences", units=3, unroll=True, return_sequences=True)
    plain("recurrent", "GRU", SEQUENCE, "reset_after=False, unroll", units=3, unroll=True, reset_after=False)
    of.add("recurrent", "LSTM", "masked", lambda x: k.LSTM(3)(k.Embedding(9, 4, mask_zero=True)(x)), (5,), tokens)
    of.add("recurrent", "LSTM", "masked, unroll", lambda x: k.LSTM(3, unroll=True)(k.Embedding(9, 4, mask_zero=True)(x)), (5,), tokens)
    of.add("recurrent", "RNN", "of cells", lambda x: k.RNN([k.GRUCell(3), k.LSTMCell(2)])(k.Dense(4)(x)), SEQUENCE)
    of.add("recurrent", "RNN", "of cells, unroll", lambda x: k.RNN([k.GRUCell(3), k.LSTMCell(2)], unroll=True)(k.Dense(4)(x)), SEQUENCE)
    of.add("recurrent", "Bidirectional", "LSTM", lambda x: k.Bidirectional(k.LSTM(3))(k.Dense(4)(x)), SEQUENCE)
    of.add("recurrent", "Bidirectional", "LSTM, unroll", lambda x: k.Bidirectional(k.LSTM(3, unroll=True))(k.Dense(4)(x)), SEQUENCE)
    of.add("recurrent", "Bidirectional", "GRU, unroll, return_sequences", lambda x: k.Bidirectional(k.GRU(3, unroll=True, return_sequences=True))(k.Dense(4)(x)), SEQUENCE)
    plain("recurrent", "ConvLSTM1D", (3, 5, 2), filters=2, kernel_size=2)
    plain("recurrent", "ConvLSTM2D", FRAMES, filters=2, kernel_size=2)
    plain("recurrent", "ConvLSTM3D", (2, 3, 3, 3, 2), filters=2, kernel_size=2)
    plain("recurrent", "ConvLSTM2D", FRAMES, "unroll", filters=2, kernel_size=2, unroll=True)
    of.add("recurrent", "TimeDistributed", "Dense", lambda x: k.TimeDistributed(k.Dense(3))(k.Dense(4)(x)), SEQUENCE)
    of.add("recurrent", "TimeDistributed", "Conv2D", lambda x: k.TimeDistributed(k.Conv2D(3, 2))(k.Dense(2)(x)), FRAMES)

    plain("dropout", "Dropout", VECTOR, rate=0.5)
    plain("dropout", "SpatialDropout1D", SEQUENCE, rate=0.5)
    plain("dropout", "SpatialDropout2D", IMAGE, rate=0.5)
    plain("dropout", "SpatialDropout3D", VOLUME, rate=0.5)
    plain("dropout", "AlphaDropout", VECTOR, rate=0.5)
    plain("dropout", "GaussianDropout", VECTOR, rate=0.5)
    plain("dropout", "GaussianNoise", VECTOR, stddev=0.5)
    return of


def main(root, wanted="", pattern=""):
    root = pathlib.Path(root)
    root.mkdir(parents=True, exist_ok=True)
    index = []
    for module in (tf_keras, keras):
        version = 3 if module is keras else 2
        if str(version) not in (wanted or "23"):
            continue
        random = np.random.default_rng(5)
        for number, (group, layer, variant, build, shape, inputs) in enumerate(collect(module).cases):
            if pattern.lower() not in layer.lower():
                continue
            entry = {"group": group, "layer": layer, "variant": variant, "keras": version, "directory": f"keras{version}_{number}"}
            index.append(entry)
            if (root / entry["directory"] / "case.json").exists():
                continue  # of an earlier run that was cut off
            module.backend.clear_session()
            module.utils.set_random_seed(5)
            try:
                x = module.layers.Input(shape, name="x", dtype="float32" if inputs is None else "int32")
                model = module.Model(x, build(x))
                batch = floats(random, BATCH, *shape) if inputs is None else inputs
                (models.keras3 if version == 3 else models.keras2)(root, entry["directory"], model, [batch])
            except Exception as error:  # whatever Keras makes of it is the answer
                entry["error"] = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
                print(entry["directory"], layer, variant, entry["error"][:300])
    (root / "index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
