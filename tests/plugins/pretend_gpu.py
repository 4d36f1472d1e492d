"""A GPU that is none: its tensors lie in main memory, and what would fail on a real one for mixing devices fails here.

Devices are as PyTorch has them: tensors of both meet only where one has no dimensions, where one is copied into the
other, or where the CPU's index those of the GPU. What a real GPU computes, and how fast, it cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils.backend_registration import _DummyBackendModule, _setup_privateuseone_for_python_backend

DEVICE = "pretend"
CPU = torch.device("cpu")
aten = torch.ops.aten
MOVES = (aten._to_copy.default, aten.copy_.default)
WHOLE = {aten._conj.default: aten._conj_physical.default, aten._neg_view.default: aten.neg.default}
"""Functions whose results are marks on their argument, which a wrapper would lose, and what computes the same."""
INDEXING = (aten.index.Tensor, aten.index_put.default, aten.index_put_.default)


class Backend(_DummyBackendModule):
    """The functions that PyTorch requires of a device's module."""

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float32, torch.bfloat16]


_setup_privateuseone_for_python_backend(DEVICE, Backend())


class MixedDevicesError(RuntimeError):
    """Tensors of two devices met."""


class OnGPU(torch.Tensor):
    """A tensor of the GPU; `inner` holds its values."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> OnGPU:
        return torch.Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            layout=inner.layout,
            device=f"{DEVICE}:0",
        )

    def __init__(self, inner: torch.Tensor) -> None:
        self.inner = inner

    def __repr__(self, **_: Any) -> str:
        return f"OnGPU({self.inner!r})"

    def tolist(self) -> Any:
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _dispatched(func, args, kwargs or {})


class PretendGPU(TorchDispatchMode):
    """Sees every operation, those that make tensors too."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _dispatched(func, args, kwargs or {})


@contextmanager
def pretend_gpu() -> Iterator[None]:
    """Within, `DEVICE` can be used."""
    torch._C._set_only_lift_cpu_tensors(True)  # so that torch.tensor(…, device=DEVICE) is seen
    try:
        with PretendGPU():
            yield
    finally:
        torch._C._set_only_lift_cpu_tensors(False)


def _dispatched(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    if _is_composite(func):
        with PretendGPU():
            return func.decompose(*args, **kwargs)
    func = WHOLE.get(func, func)
    leaves = _leaves((*args, *kwargs.values()))
    there = [value for value in leaves if isinstance(value, OnGPU)]
    devices = [value for value in leaves if isinstance(value, torch.device)]
    if there and func not in MOVES:
        _check(func, _leaves(args[:1]) if func in INDEXING else leaves)
    if devices:
        goes = devices[0].type == DEVICE
    else:
        goes = isinstance(args[0], OnGPU) if func is aten.copy_.default else bool(there)

    known = {id(value.inner): value for value in there}
    is_inference = torch.is_inference_mode_enabled()
    stays_normal = _gives_aliases(func) and not all(value.is_inference() for value in there)

    def wrapped(value: Any) -> Any:
        if not isinstance(value, torch.Tensor) or id(value) in known:
            return known.get(id(value), value)
        with torch.inference_mode(is_inference and not stays_normal):
            return OnGPU(value)

    out = func(*_each(_inner, args), **{key: _each(_inner, value) for key, value in kwargs.items()})
    if not goes:
        return out
    out = _each(wrapped, out)
    if devices or is_inference or not there or any(value.is_inference() for value in there):
        return out
    return return_and_correct_aliasing(func, args, kwargs, out)


@cache
def _is_composite(func: Any) -> bool:
    return func.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd)


@cache
def _gives_aliases(func: Any) -> bool:
    return any(item.alias_info for item in func._schema.returns)


def _leaves(values: Any) -> list[Any]:
    """The values, and those in their lists. PyTorch's own trees take most of the time of a test."""
    found = []
    for value in values:
        found += value if isinstance(value, list | tuple) else (value,)
    return found


def _each(change: Callable[[Any], Any], value: Any) -> Any:
    """The value changed, or each one of a list."""
    return type(value)(_each(change, one) for one in value) if isinstance(value, list | tuple) else change(value)


def _check(func: Any, values: list[Any]) -> None:
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    if any(value.dim() and not isinstance(value, OnGPU) for value in tensors):
        shapes = [tuple(value.shape) for value in tensors]
        raise MixedDevicesError(f"{func} got tensors of two devices, of the shapes {shapes}")


def _inner(value: Any) -> Any:
    if isinstance(value, torch.device):
        return CPU
    return value.inner if isinstance(value, OnGPU) else value
