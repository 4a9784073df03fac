package gpu

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hfcui/engine/gpu/cuda"
	"hfcui/engine/gpu/cuda/cudatest"
	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// mutant is a module's PTX with a mistake in one line.
type mutant struct {
	what, line, text string
}

var (
	waits   = regexp.MustCompile(`^\s*cp\.async\.wait_group (\d+);`)
	matrix  = regexp.MustCompile(`^\s*(ldmatrix|mma)\.`)
	bracket = regexp.MustCompile(`\{[^{}]*,[^{}]*\}`)
	bound   = regexp.MustCompile(`^\s*setp\.(lt|ge)\.s32`)
)

// mutants are made of a kernel in a module's PTX: a barrier left out, one copy waited for too few,
// registers of a fragment exchanged; and bounds off by one, of which not all matter.
func mutants(text, kernel string) (all, bounds []mutant) {
	lines := strings.SplitAfter(text, "\n")
	seen := map[string]int{}
	inside := false
	for i, line := range lines {
		if strings.Contains(line, ".entry ") {
			inside = strings.Contains(line, ".entry "+kernel+"(")
		}
		if !inside {
			continue
		}
		change := func(what, to string) mutant {
			changed := strings.Join(lines[:i], "") + to + strings.Join(lines[i+1:], "")
			return mutant{fmt.Sprintf("line %d: %s", i+1, what), strings.TrimSpace(line), changed}
		}
		switch {
		case strings.Contains(line, "bar.sync"):
			all = append(all, change("no barrier", "\n"))
		case waits.MatchString(line):
			n, _ := strconv.Atoi(waits.FindStringSubmatch(line)[1])
			all = append(all, change("waits for one copy less", fmt.Sprintf("cp.async.wait_group %d;\n", n+1)))
		case matrix.MatchString(line):
			opcode, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if seen[opcode]++; seen[opcode] > 1 {
				continue
			}
			for j, vector := range bracket.FindAllString(line, 3) {
				r := strings.Split(strings.Trim(vector, "{}"), ",")
				r[0], r[1] = r[1], r[0]
				exchanged := strings.Replace(line, vector, "{"+strings.Join(r, ",")+"}", 1)
				all = append(all, change(fmt.Sprintf("registers of vector %d are exchanged", j), exchanged))
			}
		case bound.MatchString(line):
			bounds = append(bounds, change("a bound off by one", strings.NewReplacer("setp.lt", "setp.le", "setp.ge", "setp.gt").Replace(line)))
		}
	}
	return all, bounds
}

// notices reports whether a test fails on a device whose modules with a text have another instead.
func (o opTest) notices(t *testing.T, k mutated, text, instead string) bool {
	t.Helper()
	driver := cudatest.New(k.arch)
	driver.Change = func(s string) string {
		if s == text {
			return instead
		}
		return s
	}
	h, err := cuda.Open(0, cuda.Options{Driver: driver})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	d := New(h, plan.DeviceOptions{DType: k.dtype}).(*Device)
	d.forced = k.tile
	got, want, unfilled, err := o.run(t, d)
	if err != nil {
		return true
	}
	worst, _ := plantest.Difference(got, want)
	return !(worst <= toleranceOf(d)) || unfilled >= 0
}

// mutated is a kernel with the tests that must notice mistakes in it.
type mutated struct {
	module source.Module
	kernel string
	arch   int
	dtype  plan.DType
	tile   int
	bounds int // off by one that must be noticed, at least
	spare  int // barriers at the end that protect nothing more: helpers of sums.h end with one
	tests  []opTest
}

// mutatedKernels are products in every data type, and one of each other kind.
func mutatedKernels() []mutated {
	conv := func(tile int) []opTest { return convTests(tile)[:2] }
	grad := func(tile int) []opTest { return convTests(tile)[2:] }
	rows := [][]int{{3, 70}, {3, 70}}
	x, stats, vector := []int{2, 70, 6, 5}, []int{2, 70}, []int{70}
	norm := [][]int{x, stats, vector, vector}
	return []mutated{
		{source.Conv(16, source.BF16), "conv_16", 80, plan.BFloat16, 16, 3, 0, conv(16)},
		{source.Conv(128, source.BF16), "conv_128", 80, plan.BFloat16, 128, 1, 0, conv(128)},
		{source.Conv(32, source.TF32), "conv_32", 80, plan.TF32, 32, 3, 0, conv(32)},
		{source.Conv(16, source.FP32), "conv_16", 70, plan.Float32, 16, 3, 0, conv(16)},
		{source.ConvGrad(16, source.BF16), "weight_grad_16", 80, plan.BFloat16, 16, 3, 0, grad(16)},
		{source.ConvGrad(64, source.TF32), "weight_grad_64", 80, plan.TF32, 64, 1, 0, grad(64)},
		{source.ConvGrad(16, source.FP32), "weight_grad_16", 70, plan.Float32, 16, 1, 0, grad(16)},
		{source.Linear(16, source.TF32), "linear_16", 80, plan.TF32, 16, 2, 0, linearTests(16)},
		{source.Linear(16, source.FP32), "linear_16", 70, plan.Float32, 16, 2, 0, linearTests(16)},
		{source.Elementwise(false), "relu", 70, plan.BFloat16, 0, 1, 0, []opTest{{op: op.ReLU{}, in: [][]int{x}}}},
		{source.Norm(true), "moments", 70, plan.Float32, 0, 1, 0, []opTest{{op: op.BatchStats{}, in: [][]int{x}}}},
		{source.Norm(true), "statistics", 70, plan.Float32, 0, 1, 1, []opTest{{op: op.BatchStats{}, in: [][]int{x}}}},
		{source.Norm(false), "batch_norm", 70, plan.BFloat16, 0, 1, 0, []opTest{{op: op.BatchNorm{Epsilon: 1e-5}, in: norm, draw: varianceIn(1)}}},
		{source.Pool(false), "max_pool", 70, plan.BFloat16, 0, 1, 0, []opTest{{op: op.MaxPool{Size: 3, Stride: 2, Pad: 1}, in: [][]int{x}}}},
		{source.Pool(true), "plane_means", 70, plan.Float32, 0, 1, 0, []opTest{{op: op.GlobalAvgPool{}, in: [][]int{x}}}},
		{source.Rows(), "softmax", 70, plan.Float32, 0, 1, 1, []opTest{{op: op.Softmax{}, in: rows[:1]}}},
		{source.Rows(), "cross_entropy", 70, plan.Float32, 0, 1, 1, []opTest{{op: op.SoftmaxCrossEntropy{}, in: rows}}},
		{source.Rows(), "column_sums", 70, plan.Float32, 0, 1, 1, []opTest{{op: op.ColumnSum{}, in: [][]int{{600, 33}}}}},
	}
}

// TestMutants checks that mistakes in kernels are noticed.
func TestMutants(t *testing.T) {
	skipIfSlow(t)
	for i, k := range mutatedKernels() {
		if testing.Short() && i > 0 {
			break
		}
		t.Run(k.module.Name+" "+k.kernel, func(t *testing.T) {
			text, err := k.module.PTX(k.arch)
			if err != nil {
				t.Fatal(err)
			}
			all, bounds := mutants(text, k.kernel)
			for _, m := range all[:len(all)-k.spare] {
				if !k.notices(t, text, m) {
					t.Errorf("%s: %s is not noticed", m.what, m.line)
				}
			}
			noticed := 0
			for i := 0; i < len(bounds) && noticed < k.bounds; i++ {
				if k.notices(t, text, bounds[i]) {
					noticed++
				}
			}
			if noticed < k.bounds {
				t.Errorf("of %d bounds off by one, %d are noticed, not %d", len(bounds), noticed, k.bounds)
			}
			t.Logf("%d mutants, %d bounds of %d", len(all), noticed, len(bounds))
		})
	}
}

// notices reports whether one of the tests fails with a mutant.
func (k mutated) notices(t *testing.T, text string, m mutant) bool {
	for _, o := range k.tests {
		if o.notices(t, k, text, m.text) {
			return true
		}
	}
	return false
}
