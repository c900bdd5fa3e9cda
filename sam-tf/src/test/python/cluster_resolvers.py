"""What TensorFlow's own resolvers make of the environments that launchers set.

    python cluster_resolvers.py [OUTPUT]

writes cluster-resolvers.json, which the tests of the Java library are compared with. Host names are
such that sorting keeps their order: TensorFlow's resolver for Slurm sorts them as texts, so that
n10 comes before n2, and Slurm's own numbers of processes are then of other hosts.
"""

import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf  # noqa: E402
from tensorflow.python.distribute.cluster_resolver import slurm_cluster_resolver  # noqa: E402

HOSTLISTS = [
    "login",
    "n1",
    "n[1-3]",
    "n[1,3]",
    "n[08-11]",
    "n[008-011,100]",
    "n[1-2],m5,o[3-4,6,7-9]",
    "rack-a_1.local",
    "a1,b2,c3",
    "[1-2]",
    "n[9-11]",
]

TASKS_PER_NODE = ["1", "2(x3)", "2(x3),1", "3(x2),2,1", "1,2,3", "10(x1)"]

SLURM = [
    ("n[1-3]", "1(x3)", 3, 0),
    ("n[1-3]", "1(x3)", 3, 2),
    ("n[08-10]", "2(x2),1", 5, 3),
    ("n[08-10]", "2(x2),1", 5, 4),
    ("a,b", "1,3", 4, 1),
    ("login", "4", 4, 3),
]

TF_CONFIGS = [
    {"cluster": {"worker": ["h0:1", "h1:2"]}, "task": {"type": "worker", "index": 1}},
    {"cluster": {"worker": ["h0:1", "h1:2"]}, "task": {"type": "worker", "index": "1"}},
    {
        "cluster": {"chief": ["c:1"], "worker": ["h0:1", "h1:2"], "ps": ["p0:3", "p1:4"]},
        "task": {"type": "chief", "index": 0},
    },
    {
        "cluster": {"ps": ["p0:3", "p1:4"], "worker": ["h0:1", "h1:2"], "chief": ["c:1"]},
        "task": {"type": "ps", "index": 1},
        "environment": "cloud",
        "rpc_layer": "grpc",
    },
    {
        "cluster": {
            "chief": ["t-chief-0.ns.svc:2222"],
            "worker": ["t-worker-0.ns.svc:2222"],
            "evaluator": ["t-evaluator-0.ns.svc:2222"],
        },
        "task": {"type": "worker", "index": 0},
        "environment": "cloud",
    },
]


def slurm(nodes, counts, tasks, rank):
    environment = {
        "SLURM_PROCID": str(rank),
        "SLURM_STEP_NUM_TASKS": str(tasks),
        "SLURM_STEP_NODELIST": nodes,
        "SLURM_STEP_TASKS_PER_NODE": counts,
    }
    os.environ.update(environment)
    resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
        # Without GPUs it gives no addresses.
        gpus_per_node=16, gpus_per_task=1, auto_set_gpu=False)
    spec = resolver.cluster_spec().as_dict()
    job, index = resolver.get_task_info()
    return {"environment": environment, "cluster": spec, "job": job, "index": index}


def tf_config(config):
    text = json.dumps(config)
    os.environ["TF_CONFIG"] = text
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    return {
        "environment": {"TF_CONFIG": text},
        "cluster": resolver.cluster_spec().as_dict(),
        "job": resolver.task_type,
        "index": resolver.task_id,
    }


def main():
    results = {
        "hosts": [[h, slurm_cluster_resolver.expand_hostlist(h)] for h in HOSTLISTS],
        "counts": [[c, slurm_cluster_resolver.expand_tasks_per_node(c)] for c in TASKS_PER_NODE],
        "environments": [slurm(*s) for s in SLURM] + [tf_config(c) for c in TF_CONFIGS],
        "tensorflow": tf.__version__,
    }
    output = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "cluster-resolvers.json")
    output.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
