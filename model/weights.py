"""Weights from a file that somebody has, kept under their checksum: nothing is unpickled, nothing changes unseen."""

import hashlib
import io
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import ArtifactError

if TYPE_CHECKING:
    import torch

_SHA256 = re.compile(r"[0-9a-f]{64}")
_WRAPPERS = (
    "state_dict",
    "model",
    "state_dict_ema",
)  # under which training programs save the tensors, the likeliest first


def features_key(backbone: str, weights: str | None) -> str:
    """What features of a backbone with the `weights` (sha256) of a file, or its own, are filed under."""
    return f"{backbone}@{weights[:12]}" if weights else backbone


def read_tensors(file: Path) -> "dict[str, torch.Tensor]":
    """Name -> tensor, of a .safetensors or a .pth file. Raises `ArtifactError`, and `OSError` of the file itself."""
    import torch
    from safetensors.torch import load

    content = file.read_bytes()
    try:
        if file.suffix == ".safetensors":
            return load(content)
        stored = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch refuses what is no mere tensor with errors of its own choice
        raise ArtifactError(
            f"{file}: expected weights alone, as .safetensors or .pth, and could not read it"
        ) from error
    for wrapper in _WRAPPERS:
        if isinstance(stored, Mapping) and isinstance(stored.get(wrapper), Mapping):
            stored = stored[wrapper]
            break
    if not isinstance(stored, Mapping) or not all(isinstance(value, torch.Tensor) for value in stored.values()):
        raise ArtifactError(f"{file}: expected names with tensors (a state dict), got something else")
    return {str(name).removeprefix("module."): value for name, value in stored.items()}


class WeightsFolder:
    """Files `ROOT/SHA256.safetensors`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def adopt(self, file: Path) -> str:
        """Copy weights in, whatever becomes of `file`; returns the sha256 that names the copy."""
        from safetensors.torch import save

        tensors = {name: tensor.contiguous().clone() for name, tensor in read_tensors(file).items()}
        content = save(tensors)
        sha256 = hashlib.sha256(content).hexdigest()
        self._root.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._root, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as copy:
                copy.write(content)
                copy.flush()
                os.fsync(handle)
            Path(temporary).replace(self.path(sha256))
        except BaseException:  # also at Ctrl-C: nothing half-written stays
            Path(temporary).unlink(missing_ok=True)
            raise
        return sha256

    def path(self, sha256: str) -> Path:
        """Where the weights of that checksum are, or would be."""
        if not _SHA256.fullmatch(sha256):
            raise ArtifactError(f"expected weights named by 64 hexadecimal digits, got {sha256[:80]!r}")
        return self._root / f"{sha256}.safetensors"

    def load(self, sha256: str) -> "dict[str, torch.Tensor]":
        """Raises `ArtifactError` when the file is missing, or not what its name says."""
        from safetensors.torch import load

        path = self.path(sha256)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise ArtifactError(f"{path} is missing: restore it, or name the weights again (--weights FILE)") from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ArtifactError(f"{path} does not match its checksum: restore it, or name the weights again")
        return load(content)


@dataclass(frozen=True, kw_only=True)
class StoredWeights:
    """Weights that were adopted from a file."""

    folder: WeightsFolder
    sha256: str
