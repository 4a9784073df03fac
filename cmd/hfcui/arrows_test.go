package main

import (
	"os/exec"
	"path"
	"strings"
	"testing"
)

// floors is the house from the top down. A package imports only packages of floors below its
// own: never upwards, never one of its own floor, so that no page knows a sibling. Tests and
// what only they import (plantest, modeltest, memtest, cltest) are not held to it.
var floors = []string{
	"cmd/hfcui",
	"ui/share",
	"ui",
	"ui/pages/* ui/opener",
	"ui/pages/train/runlog ui/uitest",
	"ui/session ui/plot",
	"ui/kit",
	"ui/term ui/picture",
	"engine/lab engine/preview",
	"engine/evolution engine/experiment engine/view engine/predict engine/split engine/kernels engine/train/*",
	"engine/benchmark engine/train",
	"engine/attack engine/bands engine/candidates engine/heatmap",
	"engine/model",
	"engine/graph/onnx engine/nets",
	"engine/graph",
	"engine/device",
	"engine/cpu engine/gpu",
	"engine/gpu/cl engine/gpu/cuda",
	"engine/gpu/ptx",
	"engine/plan engine/cpu/kernel engine/gpu/hal engine/gpu/cache",
	"engine/dataset",
	"engine/dataset/mat engine/dataset/parquet",
	"engine/dataset/npy",
	"engine/dataset/spool engine/figure engine/imagefile engine/lru engine/measure engine/op engine/optim engine/random",
	"spectral checkpoints engine/printable engine/gpu/source engine/gpu/library",
}

// only names packages that one other may import; "" is only tests.
var only = map[string]string{
	"ui/uitest":         "",
	"engine/cpu":        "engine/device",
	"engine/cpu/kernel": "engine/cpu",
	"engine/gpu":        "engine/device",
	"engine/gpu/cl":     "engine/gpu",
	"engine/gpu/cuda":   "engine/gpu",
}

// nothing are the packages that import nothing of ours, so that they can be used elsewhere.
var nothing = []string{"spectral", "checkpoints", "ui/term", "ui/picture", "engine/printable", "engine/imagefile", "engine/measure", "engine/lru", "engine/op", "engine/optim", "engine/random"}

// TestImportsPointDown holds go list against the floors.
func TestImportsPointDown(t *testing.T) {
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "hfcui/...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		from := strings.TrimPrefix(words[0], "hfcui/")
		if from == "engine/plan/plantest" || from == "engine/model/modeltest" || from == "checkpoints/memtest" || from == "engine/gpu/cl/cltest" || from == "engine/gpu/cuda/cudatest" {
			continue
		}
		at := floorOf(from)
		if at < 0 {
			t.Errorf("%s is on no floor: give it one", from)
			continue
		}
		for _, word := range words[1:] {
			to, ours := strings.CutPrefix(word, "hfcui/")
			if !ours {
				continue
			}
			if below := floorOf(to); below <= at {
				t.Errorf("%s (floor %d) imports %s (floor %d)", from, at, to, below)
			}
			if one, limited := only[to]; limited && one != from {
				t.Errorf("%s imports %s, which only %s may", from, to, one)
			}
			if from == "ui/kit" && strings.HasPrefix(to, "engine/") && to != "engine/printable" {
				t.Errorf("%s imports %s: the kit knows no engine", from, to)
			}
			for _, leaf := range nothing {
				if from == leaf {
					t.Errorf("%s imports %s: it imports nothing of ours", from, to)
				}
			}
		}
	}
}

// floorOf is a package's floor, counted from the top; -1 where it has none. An exact name goes
// before a pattern.
func floorOf(pkg string) int {
	found := -1
	for i, floor := range floors {
		for pattern := range strings.FieldsSeq(floor) {
			if pattern == pkg {
				return i
			}
			if ok, _ := path.Match(pattern, pkg); ok && found < 0 {
				found = i
			}
		}
	}
	return found
}
