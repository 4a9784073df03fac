#!/usr/bin/env python3
"""The jobs of `hfcui bench` done with PyTorch and numpy: what one would use instead.

    python3 bench.py --work train --net resnet18 [--batch 128] [--threads 2] [--dtype bf16]

train is a step of SGD with momentum and weight decay; infer the answer in evaluation mode;
attack PGD, ten steps of a quarter of 8/255 without gradients of weights, and the answer to it;
bands the split at r = 4, 8, 12, 16 and the answer to all eight parts; split the split alone,
with numpy's real transform. Two runs to warm up, five for the clock, the median counts; of
PyTorch's two memory layouts the faster one. Prints one line of JSON. Needs PyTorch and numpy.
"""
import argparse
import json
import os
import statistics
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

RADII = (4, 8, 12, 16)
SIDE = 32
WIDTHS = {"resnet18": (64, 128, 256, 512), "resnet20": (16, 32, 64), "resnet32": (16, 32, 64)}
BLOCKS = {"resnet18": 2, "resnet20": 3, "resnet32": 5}


class Block(nn.Module):
    """Two 3×3 convolutions and a shortcut, 1×1 where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


def resnet(name, classes=10):
    """A ResNet for small images, as hfcui builds it."""
    inputs = WIDTHS[name][0]
    layers = [nn.Conv2d(3, inputs, 3, 1, 1, bias=False), nn.BatchNorm2d(inputs), nn.ReLU()]
    for stage, width in enumerate(WIDTHS[name]):
        for block in range(BLOCKS[name]):
            layers.append(Block(inputs, width, 2 if stage > 0 and block == 0 else 1))
            inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


def masks():
    """The low parts' masks over rfft2's coefficients: distance to frequency 0 below r."""
    u, v = np.meshgrid(np.fft.fftfreq(SIDE) * SIDE, np.fft.rfftfreq(SIDE) * SIDE, indexing="ij")
    return [np.hypot(u, v) < r for r in RADII]


def split(x, low_pass):
    """Yields the low and the high part of images x [N,C,H,W] for every mask."""
    z = np.fft.rfft2(x)
    for mask in low_pass:
        low = np.fft.irfft2(z * mask, s=x.shape[2:]).astype(np.float32)
        yield low
        yield x - low


def job(a, layout):
    """A function that does the work once."""
    images = np.random.default_rng(1).random((a.batch, 3, SIDE, SIDE), dtype=np.float32)
    low_pass = masks()
    if a.work == "split":
        return lambda: [None for _ in split(images, low_pass)]
    net = resnet(a.net).to(memory_format=layout).train(a.work == "train")
    x = torch.from_numpy(images).contiguous(memory_format=layout)
    labels = torch.randint(0, 10, (a.batch,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    precision = lambda: torch.autocast("cpu", torch.bfloat16, enabled=a.dtype == "bf16")

    def train():
        optimizer.zero_grad(set_to_none=True)
        with precision():
            loss = F.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()

    def infer(x=x):
        with torch.no_grad(), precision():
            net(x)

    def bands():
        for part in split(images, low_pass):
            infer(torch.from_numpy(part).contiguous(memory_format=layout))

    def attack(eps=8 / 255):
        net.requires_grad_(False)
        adv = x
        for _ in range(10):
            adv = adv.detach().requires_grad_()
            with precision():
                loss = F.cross_entropy(net(adv), labels)
            (gradient,) = torch.autograd.grad(loss, adv)
            with torch.no_grad():
                adv = torch.max(torch.min(adv + eps / 4 * gradient.sign(), x + eps), x - eps).clamp(0, 1)
        infer(adv)

    return {"train": train, "infer": infer, "bands": bands, "attack": attack}[a.work]


def median(run):
    run(), run()
    times = []
    for _ in range(5):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--work", choices=("train", "infer", "bands", "attack", "split"), required=True)
    p.add_argument("--net", choices=WIDTHS, default="resnet18")
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--dtype", choices=("fp32", "bf16"), default="fp32")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    layouts = (torch.contiguous_format,) if a.work == "split" else (torch.contiguous_format, torch.channels_last)
    seconds = min(median(job(a, layout)) for layout in layouts)
    print(json.dumps({**vars(a), "device": "cpu, PyTorch " + torch.__version__, "images_per_s": a.batch / seconds}))


if __name__ == "__main__":
    main()
