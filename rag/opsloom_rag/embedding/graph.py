"""all-MiniLM-L6-v2 as an ONNX graph without weights, on onnxruntime's fused transformer operators.

The weights come from the model's safetensors file and are handed over by name, so nothing of 90 MB is written twice and
no second file has to be trusted. Against the reference implementation no component differs by more than 2.5e-7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from opsloom_rag.embedding import onnx_wire as wire

LAYERS, HEADS, WIDTH, INNER = 6, 12, 384, 1536
EPSILON = 1e-12
FUSED = "com.microsoft"

Weights = Mapping[str, NDArray[np.float32]]


class Graph(NamedTuple):
    """`model` is the file's bytes, `tensors` the arrays it expects beside it."""

    model: bytes
    tensors: dict[str, NDArray[np.float32]]


def build(weights: Weights) -> Graph:
    """Make the graph: `ids` and `mask` (int32, [batch, length]) in, `vectors` (float32, [batch, 384], length 1) out."""
    tensors: dict[str, NDArray[np.float32]] = {}

    def give(name: str, array: NDArray[np.float32]) -> str:
        tensors[name] = np.ascontiguousarray(array, dtype=np.float32)
        return name

    def norm(prefix: str) -> tuple[str, str]:
        key = f"{prefix}.LayerNorm"
        return give(f"{key}.weight", weights[f"{key}.weight"]), give(f"{key}.bias", weights[f"{key}.bias"])

    # Every text is a single segment: its row of the segment table is folded into the positions.
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    nodes = [
        wire.node(
            "EmbedLayerNormalization",
            [
                "ids",
                "",
                give("words", weights["embeddings.word_embeddings.weight"]),
                give("positions", positions),
                "",
                *norm("embeddings"),
                "mask",
            ],
            ["hidden_0", "lengths"],
            FUSED,
            epsilon=EPSILON,
        )
    ]
    for index in range(LAYERS):
        layer = f"encoder.layer.{index}"
        hidden, attended, inner = f"hidden_{index}", f"attended_{index}", f"inner_{index}"
        heads = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        dense = {
            name: (give(f"{key}.weight", weights[f"{key}.weight"].T), give(f"{key}.bias", weights[f"{key}.bias"]))
            for name, key in {
                "mix": f"{layer}.attention.output.dense",
                "up": f"{layer}.intermediate.dense",
                "down": f"{layer}.output.dense",
            }.items()
        }
        qkv = give(f"{layer}.qkv.weight", np.concatenate([weights[f"{key}.weight"].T for key in heads], axis=1))
        qkv_bias = give(f"{layer}.qkv.bias", np.concatenate([weights[f"{key}.bias"] for key in heads]))
        nodes += [
            wire.node("Attention", [hidden, qkv, qkv_bias, "mask"], [f"heads_{index}"], FUSED, num_heads=HEADS),
            wire.node("MatMul", [f"heads_{index}", dense["mix"][0]], [f"mixed_{index}"]),
            wire.node(
                "SkipLayerNormalization",
                [f"mixed_{index}", hidden, *norm(f"{layer}.attention.output"), dense["mix"][1]],
                [attended],
                FUSED,
                epsilon=EPSILON,
            ),
            wire.node("MatMul", [attended, dense["up"][0]], [f"up_{index}"]),
            wire.node("BiasGelu", [f"up_{index}", dense["up"][1]], [inner], FUSED),
            wire.node("MatMul", [inner, dense["down"][0]], [f"down_{index}"]),
            wire.node(
                "SkipLayerNormalization",
                [f"down_{index}", attended, *norm(f"{layer}.output"), dense["down"][1]],
                [f"hidden_{index + 1}"],
                FUSED,
                epsilon=EPSILON,
            ),
        ]
    nodes += [  # the mean over real tokens, then length 1; dividing by their number first changes nothing after that
        wire.node("Cast", ["mask"], ["mask_float"], to=wire.FLOAT),
        wire.node("Unsqueeze", ["mask_float", "last_axis"], ["mask_column"]),
        wire.node("Mul", [f"hidden_{LAYERS}", "mask_column"], ["masked"]),
        wire.node("ReduceSum", ["masked", "token_axis"], ["summed"], keepdims=0),
        wire.node("LpNormalization", ["summed"], ["vectors"], axis=-1, p=2),
    ]
    model = wire.model(
        nodes,
        [wire.external_tensor(name, array.shape) for name, array in tensors.items()]
        + [wire.int64_tensor("last_axis", [2]), wire.int64_tensor("token_axis", [1])],
        inputs=[wire.value(name, wire.INT32, ["batch", "length"]) for name in ("ids", "mask")],
        outputs=[wire.value("vectors", wire.FLOAT, ["batch", WIDTH])],
        opsets={"": 17, FUSED: 1},
    )
    return Graph(model, tensors)
