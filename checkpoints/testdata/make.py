#!/usr/bin/env python3
"""Make the PyTorch files of this package's tests.

    apt-get install python3-torch
    /usr/bin/python3 make.py

For every valid file NAME.pt, NAME.expected.safetensors has the same tensors as float32, written with
only struct and json. The files in refused/ must be rejected.
The files were made with PyTorch 1.13.1; tensor values are from a fixed seed.
"""
import argparse, collections, json, os, pathlib, pickle, struct
import numpy as np
import torch, torch.nn as nn

os.chdir(os.path.dirname(os.path.abspath(__file__)))
os.makedirs("refused", exist_ok=True)
torch.manual_seed(1)


def expect(path, tensors):
    """Write a safetensors file: 8-byte little-endian header length, JSON header, raw data."""
    header, blobs, at = {}, [], 0
    for name, value in tensors.items():
        blob = value.detach().float().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + b"".join(blobs))


def save(name, obj, tensors, **how):
    torch.save(obj, name + ".pt", **how)
    expect(name + ".expected.safetensors", {k: v for k, v in tensors.items() if not k.endswith("num_batches_tracked")})


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1, self.fc = nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.Linear(4, 2)


net = Net()
plain = net.state_dict()
save("zip", plain, plain)
save("legacy", plain, plain, _use_new_zipfile_serialization=False)
for protocol in (3, 4, 5):
    save(f"zip_protocol{protocol}", plain, plain, pickle_protocol=protocol)
save("legacy_protocol4", plain, plain, pickle_protocol=4, _use_new_zipfile_serialization=False)
for name, dtype in {"half": torch.float16, "bfloat16": torch.bfloat16, "double": torch.float64}.items():
    cast = {k: v.to(dtype) for k, v in plain.items() if not k.endswith("num_batches_tracked")}
    save(name, cast, cast)
    save(name + "_legacy", cast, cast, _use_new_zipfile_serialization=False)

wide = torch.tensor([-(2 ** 40), -129, -1, 0, 1, 127, 300, 2 ** 40])
types = {str(t)[6:]: wide.to(t) for t in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)}
types["float16"] = torch.tensor([0.0, -0.0, 6e-8, -6e-5, 1.5, 65504, float("inf"), float("-inf")]).half()
types["bfloat16"] = types["float16"].float().bfloat16()
types["scalar"] = torch.tensor(3.25)
types["empty"] = torch.zeros(0, 3)
save("types", types, types)
save("types_legacy", types, types, _use_new_zipfile_serialization=False)

base = torch.arange(120.0).reshape(2, 3, 4, 5)
views = {"transposed": base.transpose(0, 3), "slice": base[1, :, 1:3, ::2], "tail": base[1], "column": base[:, :, 0, 0],
         "channels_last": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last), "expanded": torch.tensor([7.0]).expand(3, 2),
         "tied": base, "tied_too": base}
save("views", views, views)
save("views_legacy", views, views, _use_new_zipfile_serialization=False)

optimizer = torch.optim.Adam(net.parameters())
net.fc(torch.ones(1, 4)).sum().backward()
optimizer.step()
plain = net.state_dict()
parallel = {"module." + k: v for k, v in plain.items()}
save("nested", {"epoch": 3, "best": torch.tensor(0.5), "state_dict": parallel, "optimizer": optimizer.state_dict(), "args": None, "lr": [0.1, (1, "a")]}, parallel)
save("nested_legacy", {"model": {"net": plain}, "optimizer": optimizer.state_dict()}, plain, _use_new_zipfile_serialization=False)
compiled = {"_orig_mod.module." + k: v for k, v in plain.items()}
save("compiled", compiled, compiled)
save("parameters", dict(net.named_parameters()), dict(net.named_parameters()))
save("size", {"state_dict": plain, "size": torch.Size([1, 2])}, plain)


class Hostile:
    """Pickles to a file that runs a command when it is unpickled without restrictions."""
    def __reduce__(self):
        return os.system, ("echo this file ran a command",)


beside = {"state_dict": plain, "extra": Hostile(), "args": argparse.Namespace(lr=0.1), "best": np.float64(91.2), "losses": np.arange(5.0),
          "log": collections.defaultdict(list, {"a": [1]}), "device": torch.device("cpu"), "dtype": torch.float32, "path": pathlib.PurePosixPath("/a"),
          "state_dict_ema": {k: v + 1 for k, v in plain.items()}}
save("inert", beside, plain)
save("inert_protocol4", beside, plain, pickle_protocol=4)
save("inert_legacy", beside, plain, _use_new_zipfile_serialization=False)
whole = nn.Sequential(collections.OrderedDict(features=nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), fc=nn.Linear(4, 2)))
save("module", whole, whole.state_dict())
save("module_protocol4", whole, whole.state_dict(), pickle_protocol=4)
save("module_legacy", whole, whole.state_dict(), _use_new_zipfile_serialization=False)
arrays = {"a": np.arange(6, dtype="f4").reshape(2, 3), "b": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "c": np.float32([1, 2]), "d": np.arange(3, dtype="i2")}
tensors = {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}
save("numpy", arrays, tensors)
save("numpy_protocol4", arrays, tensors, pickle_protocol=4)
for protocol in (2, 4, 5):
    pickle.dump(plain, open(f"dumped_protocol{protocol}.pt", "wb"), protocol)
    expect(f"dumped_protocol{protocol}.expected.safetensors", {k: v for k, v in plain.items() if not k.endswith("num_batches_tracked")})
    pickle.dump(arrays, open(f"dumped_numpy_protocol{protocol}.pt", "wb"), protocol)
    expect(f"dumped_numpy_protocol{protocol}.expected.safetensors", tensors)
np.save("arrays.npy", arrays)
os.rename("arrays.npy", "npy.pt")
expect("npy.expected.safetensors", tensors)
torch.save(torch.zeros(2), "refused/tensor.pt")
torch.save({"epoch": 3, "model": "resnet"}, "refused/no_tensors.pt")
torch.save({"w": torch.zeros(2, dtype=torch.complex64)}, "refused/complex.pt")
torch.save({"w": torch.zeros(2, 2).to_sparse()}, "refused/sparse.pt")
torch.jit.script(nn.Sequential(nn.Linear(2, 2))).save("refused/script.pt")
