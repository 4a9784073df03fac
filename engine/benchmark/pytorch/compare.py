#!/usr/bin/env python3
"""hfcui's speed beside PyTorch's on this machine, as the table in engine/README.md.

    go build -o hfcui ./cmd/hfcui && python3 engine/benchmark/pytorch/compare.py ./hfcui [--rounds 3]

Every row runs one program after the other, --rounds times; medians count. Nothing else
should run meanwhile. Needs what bench.py needs.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bench.py")

NETWORK_ROWS = [
    [f"--work {work} --net {net}", f"--dtype {dtype}"]
    for work in ("train", "infer")
    for net in ("resnet18", "resnet20")
    for dtype in ("fp32", "bf16")
]
ROWS = [*NETWORK_ROWS, ["--work bands --net resnet20"], ["--work attack --net resnet20"], ["--work split", "--threads 1"]]


def images_per_s(program, row):
    arguments = " ".join(row).split()
    done = subprocess.run([*program, *arguments], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["images_per_s"]


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("hfcui", help="the built command")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--batch", type=int, default=128)
    a = p.parse_args()
    batch = f"--batch {a.batch}"
    ours, theirs = [os.path.abspath(a.hfcui), "bench", "--json"], [sys.executable, PEER]
    print("| work | hfcui | PyTorch | ratio | ratios of the rounds |\n|---|---|---|---|---|")
    for row in ROWS:
        pairs = [(images_per_s(ours, [*row, batch]), images_per_s(theirs, [*row, batch])) for _ in range(a.rounds)]
        mine, other = (statistics.median(side) for side in zip(*pairs))
        rounds = ", ".join(f"{m / o:.2f}" for m, o in pairs)
        name = " ".join(row).replace("--work ", "").replace("--net ", "").replace("--dtype ", "").replace("--threads 1", "(one thread)")
        print(f"| {name} | {mine:.0f} | {other:.0f} | {mine / other:.2f} | {rounds} |", flush=True)


if __name__ == "__main__":
    main()
