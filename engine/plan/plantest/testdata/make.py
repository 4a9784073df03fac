#!/usr/bin/env python3
"""Make net_vgg11_narrow, net_alexnet_narrow, net_lenet5 and those listed at the end with
PyTorch: hfcui's variants of the nets, with few channels, in evaluation mode, with input
normalization.

    /usr/bin/python3 make.py      (in this folder)

Tensors: before.* (the weights), x, labels_i64, eval.logits, eval.loss, eval.dx as in the
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


class VGGPlain(VGG):
    def __init__(self, widths, classes):
        super().__init__(widths, classes)
        self.features = nn.Sequential(*[m for m in self.features if not isinstance(m, nn.BatchNorm2d)])


class AlexNetNorm(AlexNet):
    def __init__(self, w, hidden, classes):
        super().__init__(w, hidden, classes)
        layers = []
        for m in self.features:
            if isinstance(m, nn.Conv2d):
                layers += [nn.Conv2d(m.in_channels, m.out_channels, 3, m.stride, 1, bias=False), nn.BatchNorm2d(m.out_channels)]
            else:
                layers.append(m)
        self.features = nn.Sequential(*layers)


class LeNetNorm(LeNet):
    def __init__(self, classes):
        super().__init__(classes)
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2, bias=False), nn.Conv2d(6, 16, 5, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(6), nn.BatchNorm2d(16)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))


class PlainBlock(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(i, o, 3, stride, 1), nn.Conv2d(o, o, 3, 1, 1)
        self.downsample = None if stride == 1 and i == o else nn.Sequential(nn.Conv2d(i, o, 1, stride))

    def forward(self, x):
        y = self.conv2(F.relu(self.conv1(x)))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class PreActBlock(nn.Module):
    def __init__(self, i, o, stride, norm, first):
        super().__init__()
        if norm and not first:
            self.bn1 = nn.BatchNorm2d(i)
        self.conv1, self.conv2 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.Conv2d(o, o, 3, 1, 1, bias=False)
        if norm:
            self.bn2 = nn.BatchNorm2d(o)
        self.norm, self.first, self.stride, self.more = norm, first, stride, o - i

    def forward(self, x):
        y = x if self.first else F.relu(self.bn1(x) if self.norm else x)
        y = self.conv1(y)
        y = self.conv2(F.relu(self.bn2(y) if self.norm else y))
        if self.stride == 2:
            x = F.avg_pool2d(x, 2)
        return y + F.pad(x, (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))


class ResNet(nn.Module):
    def __init__(self, width, blocks, classes, block, norm):
        super().__init__()
        self.conv1, self.norm, self.preact = nn.Conv2d(3, width, 3, 1, 1, bias=block is PlainBlock), norm, block is PreActBlock
        if norm:
            self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(4 * width)
        i = width
        for k in range(3):
            layers = []
            for j in range(blocks):
                more = (norm, k == j == 0) if self.preact else ()
                layers.append(block(i, width << k, 2 if k and j == 0 else 1, *more))
                i = width << k
            setattr(self, f"layer{k + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = self.conv1(x)
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(x) if self.norm else x))))
        if self.preact:
            x = F.relu(self.bn2(x) if self.norm else x)
        return self.fc(x.mean((2, 3)))


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


def make(name, net, size):
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


torch.manual_seed(1)
torch.set_num_threads(1)
for case in (("vgg11_narrow", VGG((4, 8, 12, 12, 16, 16, 20, 20), 10), (3, 32, 32)),
             ("alexnet_narrow", AlexNet((6, 10, 18, 16, 12), 40, 10), (3, 32, 32)), ("lenet5", LeNet(10), (1, 28, 28))):
    make(*case)
for case in (("vgg11_plain", VGGPlain((4, 8, 12, 12, 16, 16, 20, 20), 10), (3, 32, 32)),
             ("alexnet_norm", AlexNetNorm((6, 10, 18, 16, 12), 40, 10), (3, 32, 32)), ("lenet5_norm", LeNetNorm(10), (1, 28, 28)),
             ("plain_resnet8", ResNet(6, 1, 10, PlainBlock, False), (3, 32, 32)), ("preact_resnet14", ResNet(6, 2, 10, PreActBlock, True), (3, 32, 32)),
             ("preact_resnet14_plain", ResNet(6, 2, 10, PreActBlock, False), (3, 32, 32))):
    make(*case)
