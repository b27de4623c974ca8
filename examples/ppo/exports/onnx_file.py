"""A policy as an ONNX file, for programs without TensorFlow."""

import logging
import pathlib
from typing import Any

import tensorflow as tf

from examples.ppo.exports.exported_policy import ExportedPolicy
from rltools.extras import require

# Understood by all runtimes of the last years.
_OPSET = 17


def write_onnx(policy: ExportedPolicy, path: pathlib.Path) -> None:
    """Write the function `act` of a policy, with inputs and outputs of its names.

    Args:
        policy: The policy.
        path: The file to write.

    Raises:
        MissingExtraError: tf2onnx is not installed.
    """
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    convert = require("tf2onnx.convert", extra="onnx")

    @tf.function(autograph=False)
    def act(*inputs: Any) -> list[Any]:
        outputs = policy.act(**dict(zip(policy.inputs, inputs, strict=True)))
        return [tf.identity(outputs[name], name) for name in policy.outputs]

    signature = tuple(policy.inputs.values())
    model, _ = convert.from_function(act, input_signature=signature, opset=_OPSET)
    _rename(model.graph, list(policy.inputs), list(policy.outputs))
    path.write_bytes(model.SerializeToString())


def _rename(graph: Any, inputs: list[str], outputs: list[str]) -> None:
    """Give inputs and outputs, which are in order, their names."""
    names = {
        value.name: name
        for values, wanted in ((graph.input, inputs), (graph.output, outputs))
        for value, name in zip(values, wanted, strict=True)
    }
    for value in (*graph.input, *graph.output):
        value.name = names[value.name]
    for node in graph.node:
        for places in (node.input, node.output):
            for index, name in enumerate(places):
                places[index] = names.get(name, name)
