"""The bundled bodies on a CPU: an OpenVINO graph of a folded network, which computes outside Python's lock."""

import sys
from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from model.efficientnet_lite import EfficientNetLite

_CONVERTER = "openvino.tools.ovc"
_HEIGHT_AND_WIDTH = (2, 3)


class CpuGraph:
    """Features of one picture at a time; as many threads as may call compute side by side, each by itself.

    In about two thirds of torch's time, and while it computes, other threads run Python. Thread-safe.
    """

    def __init__(self, network: EfficientNetLite, image_size: int, callers: int) -> None:
        """A folded `network` (it is copied), for pictures (3, S, S) from so many threads at once.

        One core computes each, as `Body` wants it: OpenVINO's own thread while the one that asks waits.

        Raises `ImportError` where OpenVINO does not run, and `RuntimeError` where it cannot use the processor.
        """
        openvino = _imported()
        ops = openvino.opset13
        pictures = ops.parameter([1, 3, image_size, image_size], np.float32)
        maps = _behind(network, pictures, ops)
        features = ops.reduce_mean(maps, ops.constant(np.array(_HEIGHT_AND_WIDTH)), keep_dims=False)  # (1, D)
        self._compiled = openvino.Core().compile_model(
            openvino.Model([features], [pictures], "body"),
            "CPU",
            {
                # Some processors would get half precision otherwise, and other answers than the rest.
                "INFERENCE_PRECISION_HINT": "f32",
                "NUM_STREAMS": callers,
                "INFERENCE_NUM_THREADS": callers,  # one each
                "ENABLE_CPU_PINNING": False,  # a core is not kept from those who decode, nor from other programs
            },
        )
        self._own = local()

    def features(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """(1, 3, S, S) float32 -> pooled features (1, D) float32."""
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()  # not thread-safe: one for each thread
        found = self._own.request.infer({0: np.ascontiguousarray(picture)}, share_inputs=True)
        features: NDArray[np.float32] = found[0]
        return features


def _imported() -> Any:
    """OpenVINO without the converter of foreign models, whose mere import reports to its maker over the network."""
    if "openvino" not in sys.modules:
        sys.modules[_CONVERTER] = None  # type: ignore[assignment] # to Python: it cannot be imported; it is optional
    try:
        import openvino
    finally:
        if sys.modules.get(_CONVERTER, ...) is None:
            del sys.modules[_CONVERTER]
    return openvino


def _behind(module: nn.Module, x: Any, ops: Any) -> Any:
    """The node that computes what `module` makes of the node `x`. Modules list their parts in the order of use."""
    if isinstance(module, nn.Conv2d):
        return _convolved(module, x, ops)
    if isinstance(module, nn.ReLU6):
        return ops.clamp(x, 0.0, 6.0)
    if isinstance(module, (nn.Identity, nn.Linear)):  # a folded batch norm; the classifier, which features lie before
        return x
    inner = x
    for part in module.children():
        inner = _behind(part, inner, ops)
    return ops.add(inner, x) if getattr(module, "shortcut", False) else inner


def _convolved(convolution: nn.Conv2d, x: Any, ops: Any) -> Any:
    assert convolution.bias is not None, "the network must be folded"
    weight = convolution.weight.detach().numpy()  # (O, I / G, k, k)
    groups = convolution.groups
    grouped = np.ascontiguousarray(weight.reshape(groups, -1, *weight.shape[1:]))  # (G, O / G, I / G, k, k)
    result = (ops.convolution if groups == 1 else ops.group_convolution)(
        x,
        ops.constant(grouped[0] if groups == 1 else grouped),
        strides=list(convolution.stride),
        pads_begin=[0, 0],
        pads_end=[0, 0],
        dilations=[1, 1],
        auto_pad="same_upper",  # TensorFlow's; with a stride of 1 the same as half the kernel on all sides
    )
    return ops.add(result, ops.constant(convolution.bias.detach().numpy().reshape(1, -1, 1, 1)))
