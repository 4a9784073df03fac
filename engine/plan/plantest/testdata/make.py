#!/usr/bin/env python3
"""Make net_vgg11_narrow, net_alexnet_narrow and net_lenet5 with PyTorch: nets in the form
this program has them, with few channels, in evaluation mode, with input normalisation.

    /usr/bin/python3 make.py      (beside the files it writes)

Tensors: before.* the weights, x, labels_i64, eval.logits, eval.loss, eval.dx as in the
other files; the metadata has hfcui.mean and hfcui.std.
"""
import json, os, struct
import numpy as np
import torch, torch.nn as nn, torch.nn.functional as F


class VGG(nn.Module):
    def __init__(self, widths, classes):
        super().__init__()
        layers, i = [], 3
        for o, pool in zip(widths, (1, 1, 0, 1, 0, 1, 0, 1)):
            layers += [nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU()] + [nn.MaxPool2d(2, 2)] * pool
            i = o
        self.features, self.classifier = nn.Sequential(*layers), nn.Linear(i, classes)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class AlexNet(nn.Module):
    def __init__(self, w, hidden, classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, w[0], 3, 2, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(w[0], w[1], 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(w[1], w[2], 3, 1, 1), nn.ReLU(), nn.Conv2d(w[2], w[3], 3, 1, 1), nn.ReLU(), nn.Conv2d(w[3], w[4], 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(w[4] * 4, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, classes))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class LeNet(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))


def save(path, tensors, **meta):
    header, blobs, at = {"__metadata__": meta}, [], 0
    for name, value in tensors.items():
        a = np.ascontiguousarray(value.detach().numpy())
        header[name] = {"dtype": {"float32": "F32", "int64": "I64"}[str(a.dtype)], "shape": list(a.shape), "data_offsets": [at, at + a.nbytes]}
        blobs.append(a.tobytes())
        at += a.nbytes
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + b"".join(blobs))


torch.manual_seed(1)
torch.set_num_threads(1)
for name, net, size in (("vgg11_narrow", VGG((4, 8, 12, 12, 16, 16, 20, 20), 10), (3, 32, 32)),
                        ("alexnet_narrow", AlexNet((6, 10, 18, 16, 12), 40, 10), (3, 32, 32)), ("lenet5", LeNet(10), (1, 28, 28))):
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean += torch.randn_like(m.running_mean) * 0.1
            m.running_var *= torch.rand_like(m.running_var) + 0.5
    net.eval()
    x, y = torch.rand(4, *size, requires_grad=True), torch.randint(0, 10, (4,))
    mean, std = [0.49, 0.48, 0.45][: size[0]], [0.25, 0.24, 0.26][: size[0]]
    view = lambda v: torch.tensor(v).reshape(1, -1, 1, 1)
    logits = net((x - view(mean)) / view(std))
    loss = F.cross_entropy(logits, y)
    loss.backward()
    weights = {"before." + k: v for k, v in net.state_dict().items() if "num_batches" not in k}
    save(f"{os.path.dirname(os.path.abspath(__file__))}/net_{name}.safetensors",
         {"x": x, "labels_i64": y, **weights, "eval.logits": logits, "eval.loss": loss.reshape(1), "eval.dx": x.grad},
         **{"hfcui.mean": json.dumps(mean), "hfcui.std": json.dumps(std)})
