#!/usr/bin/env python3
"""PyTorch's side of verify.sh.

    verify.py --write FILE          writes a ResNet-50's weights, for hfcui to open
    verify.py --seconds N           measures, a line of JSON each; begins nothing after N seconds
    verify.py --table OURS THEIRS   prints the measurements of both as one table

A training step is SGD with momentum and weight decay in bf16; attack is ten steps of PGD and inference,
bands the split at r = 4, 8, 12, 16 and inference on all eight parts. Eager, as a captured CUDA graph
("graph"), and compiled by torch.compile.
"""
import argparse
import json
import statistics
import time

BATCHES = (128, 512, 2048)
WIDTHS = {"resnet18": (64, 128, 256, 512), "resnet20": (16, 32, 64)}
BLOCKS = {"resnet18": (2, 2, 2, 2), "resnet20": (3, 3, 3), "resnet50": (3, 4, 6, 3)}
RADII = (4, 8, 12, 16)


def networks():
    """The networks; PyTorch takes seconds to import."""
    from torch import nn
    from torch.nn import functional as F

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
            self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
            self.downsample = shortcut(inputs, outputs, stride)

        def forward(self, x):
            y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
            return F.relu(y + self.downsample(x))

    class Bottleneck(nn.Module):
        def __init__(self, inputs, width, stride):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width)
            self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
            self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
            self.downsample = shortcut(inputs, 4 * width, stride)

        def forward(self, x):
            y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
            return F.relu(self.bn3(self.conv3(y)) + self.downsample(x))

    def shortcut(inputs, outputs, stride):
        if stride == 1 and inputs == outputs:
            return nn.Sequential()
        return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    class ResNet(nn.Module):
        def __init__(self, name):
            super().__init__()
            self.large = name == "resnet50"
            widths = (64, 128, 256, 512) if self.large else WIDTHS[name]
            inputs = widths[0]
            self.conv1 = nn.Conv2d(3, inputs, 7, 2, 3, bias=False) if self.large else nn.Conv2d(3, inputs, 3, 1, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(inputs)
            self.layers = len(widths)
            for i, (width, blocks) in enumerate(zip(widths, BLOCKS[name])):
                stage = []
                for b in range(blocks):
                    stride = 2 if i > 0 and b == 0 else 1
                    stage.append((Bottleneck if self.large else Block)(inputs, width, stride))
                    inputs = 4 * width if self.large else width
                setattr(self, f"layer{i + 1}", nn.Sequential(*stage))
            self.fc = nn.Linear(inputs, 1000 if self.large else 10)

        def forward(self, x):
            x = F.relu(self.bn1(self.conv1(x)))
            if self.large:
                x = F.max_pool2d(x, 3, 2, 1)
            for i in range(self.layers):
                x = getattr(self, f"layer{i + 1}")(x)
            return self.fc(x.mean((2, 3)))

    return ResNet


def median(run):
    import torch

    for _ in range(3):
        run()
    torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    torch.cuda.synchronize()
    repeat = max(1, min(20, int(0.02 / (time.perf_counter() - start))))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(repeat):
            run()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - start) / repeat)
    return statistics.median(times)


def job(net_class, work, name, batch, mode):
    """A function that does the work once."""
    import torch
    from torch.nn import functional as F

    side = 224 if name == "resnet50" else 32
    net = net_class(name).cuda().to(memory_format=torch.channels_last).train(work == "train")
    x = torch.rand(batch, 3, side, side, device="cuda").contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (batch,), device="cuda")
    run = torch.compile(net) if mode == "compiled" else net
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    bf16 = lambda: torch.autocast("cuda", torch.bfloat16, cache_enabled=mode != "graph")

    def train():
        optimizer.zero_grad(set_to_none=mode != "graph")
        with bf16():
            loss = F.cross_entropy(run(x), labels)
        loss.backward()
        optimizer.step()

    def infer(x=x):
        with torch.no_grad(), bf16():
            return run(x)

    def attack(eps=8 / 255):
        net.requires_grad_(False)
        adversarial = x
        for _ in range(10):
            adversarial = adversarial.detach().requires_grad_()
            with bf16():
                loss = F.cross_entropy(run(adversarial), labels)
            (gradient,) = torch.autograd.grad(loss, adversarial)
            with torch.no_grad():
                adversarial = torch.max(torch.min(adversarial + eps / 4 * gradient.sign(), x + eps), x - eps).clamp(0, 1)
        infer(adversarial)

    def bands():
        frequencies = torch.fft.fftfreq(side, device="cuda") * side
        distance = torch.hypot(frequencies[:, None], torch.fft.rfftfreq(side, device="cuda")[None] * side)
        z = torch.fft.rfft2(x)
        for r in RADII:
            low = torch.fft.irfft2(z * (distance < r), s=x.shape[2:])
            infer(low.contiguous(memory_format=torch.channels_last))
            infer((x - low).contiguous(memory_format=torch.channels_last))

    once = {"train": train, "infer": infer, "attack": attack, "bands": bands}[work]
    if mode != "graph":
        return once
    side_stream = torch.cuda.Stream()
    with torch.cuda.stream(side_stream):
        for _ in range(3):
            once()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        once()
    return graph.replay


def measure(seconds):
    began = time.time()
    import torch

    torch.backends.cudnn.benchmark = True
    net_class = networks()
    jobs = [("train", n, b, m) for m in ("eager", "graph") for n in ("resnet20", "resnet18") for b in BATCHES]
    jobs += [("train", n, 512, "compiled") for n in ("resnet20", "resnet18")]
    jobs += [("infer", n, b, m) for m in ("eager", "graph") for n in ("resnet20", "resnet18") for b in BATCHES]
    jobs += [("attack", "resnet20", 512, "eager"), ("bands", "resnet20", 512, "eager")]
    jobs += [(w, "resnet50", b, "eager") for w in ("train", "infer") for b in BATCHES]
    jobs += [("train", n, b, "compiled") for n in ("resnet20", "resnet18") for b in (128, 2048)]
    jobs += [("infer", n, 512, "compiled") for n in ("resnet20", "resnet18")]
    for work, net, batch, mode in jobs:
        if time.time() - began > seconds:
            break
        result = {"work": work, "net": net, "batch": batch, "mode": mode}
        try:
            result["images_per_s"] = batch / median(job(net_class, work, net, batch, mode))
        except Exception as e:  # out of memory, no compiler: the others go on
            result["error"] = str(e).splitlines()[0][:200] if str(e) else type(e).__name__
        print(json.dumps(result), flush=True)
        torch.cuda.empty_cache()


def table(ours, own, theirs):
    rows, modes = {}, ("eager", "graph", "compiled")
    for path, column in (ours, "hfcui"), (own, "own"):
        with open(path) as f:
            for line in f:
                found = json.loads(line)
                for r in found if isinstance(found, list) else [found]:
                    key = (r["work"], "resnet50" if r.get("model") else r["net"], r["batch"], r["dtype"])
                    rows.setdefault(key, {})[column] = r["images_per_s"]
    with open(theirs) as f:
        for line in f:
            r = json.loads(line)
            key = (r["work"], r["net"], r["batch"], "bf16")
            rows.setdefault(key, {})[r["mode"]] = r.get("images_per_s", r.get("error"))
    shown = lambda v: "–" if v is None else f"{v:.0f}" if isinstance(v, (int, float)) else v
    print("| images/s | batch | hfcui | without cuDNN | PyTorch eager | graph | compiled | hfcui/eager | hfcui/graph | hfcui/compiled |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for (work, net, batch, dtype), r in sorted(rows.items()):
        ratio = lambda m: f"{r['hfcui'] / r[m]:.2f}" if all(isinstance(r.get(k), float) for k in ("hfcui", m)) else "–"
        cells = [f"{work} {net} {dtype}", str(batch), shown(r.get("hfcui")), shown(r.get("own")), *(shown(r.get(m)) for m in modes), *(ratio(m) for m in modes)]
        print("| " + " | ".join(cells) + " |")


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--write", metavar="FILE")
    p.add_argument("--seconds", type=float)
    p.add_argument("--table", nargs=3, metavar=("OURS", "OWN", "THEIRS"))
    a = p.parse_args()
    if a.write:
        import torch

        torch.save(networks()("resnet50").state_dict(), a.write)
    elif a.table:
        table(*a.table)
    elif a.seconds:
        measure(a.seconds)
    else:
        p.error("use --write, --seconds or --table")


if __name__ == "__main__":
    main()
