"""Reads models that Java has handed back, and compares them with what Java computed.

    python check_models.py DIRECTORY EXPECTED.json ...

Each file holds signature, inputs and outputs, as case.json does, and the tolerance if it is not 1e-6. A directory
is that of a version of a model, as TensorFlow Serving has them.
"""

import base64
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import fingerprint_pb2
from tensorflow.python.saved_model.pywrap_saved_model import fingerprinting


def decoded(number):
    data = base64.b64decode(number["data"])
    return np.frombuffer(data, "<i4" if number["dtype"] == "int32" else "<f4").reshape(number["shape"])


def compare(reader, outputs, case):
    tolerance = case.get("tolerance", 1e-6)
    for name, value in case["outputs"].items():
        found, wanted = np.asarray(outputs[name]), decoded(value)
        worst = float(np.max(np.abs(found.reshape(-1) - wanted.reshape(-1))))
        print(f"{reader}: {name} differs by at most {worst:.3g}")
        assert worst <= tolerance * max(1.0, float(np.max(np.abs(wanted)))), (reader, name, worst)


def check_fingerprint(directory):
    """The fingerprint that is there is the one that TensorFlow makes of the files."""
    computed = fingerprint_pb2.FingerprintDef.FromString(fingerprinting.CreateFingerprintDef(directory))
    found = tf.saved_model.experimental.read_fingerprint(directory)
    for field in ("graph_def_program_hash", "signature_def_hash", "saved_object_graph_hash", "checkpoint_hash"):
        assert getattr(found, field) == getattr(computed, field), (directory, field)
    print("fingerprint:", found.singleprint())


def check(directory, file):
    case = json.loads(pathlib.Path(file).read_text())
    inputs = {name: tf.constant(decoded(value)) for name, value in case["inputs"].items()}
    loaded = tf.saved_model.load(directory)
    if (pathlib.Path(directory) / "fingerprint.pb").exists():
        check_fingerprint(directory)
    compare("tf.saved_model.load", loaded.signatures[case["signature"]](**inputs), case)
    if (pathlib.Path(directory) / "keras_metadata.pb").exists():
        import tf_keras

        model = tf_keras.models.load_model(directory, compile=False)
        names = [tensor.name.split(":")[0] for tensor in model.inputs]
        fed = [inputs[name] for name in names]
        result = model(fed if len(fed) > 1 else fed[0], training=False)
        result = dict(zip(model.output_names, result if isinstance(result, (list, tuple)) else [result]))
        compare("tf_keras", result, case)
    else:
        layer = keras.layers.TFSMLayer(directory, call_endpoint=case["signature"])
        compare("keras.layers.TFSMLayer", layer(*inputs.values()), case)
    if hasattr(loaded, "_all_variables"):
        compare("serve", {"output_0": loaded.serve(*inputs.values())}, case)
        # What Keras 3 saves twice has the same values in both places.
        names = {}
        for variable in loaded.variables:
            names.setdefault(variable.name, []).append(variable.numpy())
        for variable in loaded._all_variables:
            names[variable.name].append(variable.numpy())
        for name, values in names.items():
            assert all(np.array_equal(value, values[0]) for value in values), name


if __name__ == "__main__":
    for place in range(1, len(sys.argv), 2):
        print(sys.argv[place])
        check(*sys.argv[place : place + 2])
