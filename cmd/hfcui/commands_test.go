package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
)

// document reads the one JSON document that a run printed, refusing keys that the command
// contract does not have.
func document[T any](t *testing.T, o outcome) T {
	t.Helper()
	o.done(t)
	var v T
	text := []byte(o.stdout)
	if _, own := any(v).(modelReport); !own {
		text = withoutReading(t, text)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %.500s", err, o.stdout)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("more than one document: %.500s", o.stdout)
	}
	return v
}

// withoutReading takes off the keys that say how a model was read, where one of them is there:
// then all are.
func withoutReading(t *testing.T, text []byte) []byte {
	t.Helper()
	strip := func(object map[string]json.RawMessage) {
		if object["normalization"] == nil {
			return
		}
		for _, key := range []string{"input", "mean", "std", "normalization", "assumed", "notes", "checked", "better"} {
			if _, ok := object[key]; !ok {
				t.Errorf("no %q in %.300s", key, text)
			}
			delete(object, key)
		}
	}
	var one map[string]json.RawMessage
	var list []map[string]json.RawMessage
	var stripped []byte
	if err := json.Unmarshal(text, &one); err == nil {
		strip(one)
		stripped, _ = json.Marshal(one)
		return stripped
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return text
	}
	for _, object := range list {
		strip(object)
	}
	stripped, _ = json.Marshal(list)
	return stripped
}

// The contract's shapes; pointers and nil tell missing keys.
type scoreJSON struct {
	Correct  *int        `json:"correct"`
	N        *int        `json:"n"`
	Accuracy *float64    `json:"accuracy"`
	CI95     *[2]float64 `json:"ci95"`
}

func (s scoreJSON) check(t *testing.T, what string, n int) {
	t.Helper()
	if s.Correct == nil || s.N == nil || s.Accuracy == nil || s.CI95 == nil {
		t.Fatalf("%s is not a whole score: %+v", what, s)
	}
	if *s.N != n || *s.Accuracy != float64(*s.Correct)/float64(n) || !(s.CI95[0] <= *s.Accuracy && *s.Accuracy <= s.CI95[1]) {
		t.Errorf("%s: %d of %d, accuracy %v in %v", what, *s.Correct, *s.N, *s.Accuracy, *s.CI95)
	}
}

func TestSplitReportsAndWrites(t *testing.T) {
	dir := fixtures(t)
	type report struct {
		Width, Height, Channels, Kept, Total *int
		R                                    *float64
		Energy                               *struct{ Low, High *float64 }
	}
	got := document[report](t, hfcuiIn(t, dir, "split", "photo.png", "-r", "12", "-o", "parts", "--raw", "--json"))
	if *got.Width != 40 || *got.Height != 30 || *got.Channels != 3 || *got.R != 12 || *got.Kept != 437 || *got.Total != 1200 {
		t.Errorf("%+v", got)
	}
	if math.Abs(*got.Energy.Low+*got.Energy.High-1) > 1e-9 {
		t.Errorf("energy %v and %v", *got.Energy.Low, *got.Energy.High)
	}
	for _, name := range []string{"low.png", "high.png", "spectrum.png", "split.safetensors"} {
		if _, err := os.Stat(filepath.Join(dir, "parts", name)); err != nil {
			t.Error(err)
		}
	}
	file, err := checkpoints.Open(filepath.Join(dir, "parts", "split.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x", "low", "high"} {
		if got := file.Tensors[name].Shape; !slices.Equal(got, []int{3, 30, 40}) {
			t.Errorf("%s has shape %v", name, got)
		}
	}
	table := hfcuiIn(t, dir, "split", "gray.png", "-r", "2", "-o", "gray").done(t).stdout
	for _, want := range []string{"9×7, 1 channel", "mid-gray", filepath.Join("gray", "high.png")} {
		if !strings.Contains(table, want) {
			t.Errorf("the table does not say %q:\n%s", want, table)
		}
	}
}

func TestPredictReports(t *testing.T) {
	dir := fixtures(t)
	type answer struct {
		Image, Part *string
		R           *float64
		Top         []struct {
			Class *string
			P     *float64
		}
	}
	got := document[[]answer](t, hfcuiIn(t, dir, "predict", "photo.png", "./gray.png", "--model", "demo", "--json"))
	if len(got) != 2 || *got[0].Image != "photo.png" || *got[1].Image != "./gray.png" || *got[0].Part != "whole" || got[0].R != nil {
		t.Fatalf("%+v", got)
	}
	for k := 1; k < len(got[0].Top); k++ {
		if *got[0].Top[k].P > *got[0].Top[k-1].P {
			t.Errorf("class %d is more probable than the one before it", k)
		}
	}
	low := document[[]answer](t, hfcuiIn(t, dir, "predict", "photo.png", "--model", "demo", "--part", "low", "-r", "7.5", "--rho", "0.5", "--json"))
	if *low[0].Part != "low" || *low[0].R != 7.5 || len(low[0].Top) != 5 {
		t.Errorf("%+v", low)
	}
	if r := hfcuiIn(t, dir, "predict", "photo.png"); r.status != 0 || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, "note: predictions are by demo, trained on shapes") {
		t.Errorf("predictions of the default model on a photo: status %d, %q", r.status, r.stderr)
	}
}

type bandsJSON struct {
	Model, Data, Split, Normalize, BN *string
	N                                 *int
	Rho                               *float64
	Whole                             *scoreJSON
	Bands                             []struct {
		Part *string
		R    *float64
		scoreJSON
		Changed *struct {
			Count, N int
			Share    float64
			CI95     [2]float64
		}
		Bound *struct {
			L2, LInf float64
			scoreJSON
		}
	}
}

func TestBandsReports(t *testing.T) {
	const data = "shapes:test=32"
	got := document[bandsJSON](t, hfcui(t, "bands", "--data", data, "-r", "0,4:8:4,23", "-n", "20", "--json"))
	if *got.Model != "demo" || *got.Data != data || *got.Split != "test" || *got.N != 20 || *got.Normalize != "none" || *got.BN != "running" || *got.Rho != 0 {
		t.Errorf("%+v", got)
	}
	got.Whole.check(t, "whole", 20)
	if len(got.Bands) != 8 {
		t.Fatalf("%d bands", len(got.Bands))
	}
	for i, b := range got.Bands {
		if part := []string{"low", "high"}[i%2]; *b.Part != part || *b.R != []float64{0, 4, 8, 23}[i/2] {
			t.Errorf("band %d is %s r=%v", i, *b.Part, *b.R)
		}
		b.check(t, *b.Part, 20)
		if (b.Changed != nil) != (i%2 == 0) || (b.Bound != nil) != (i%2 == 0) {
			t.Fatalf("band %d: changed %v, bound %v", i, b.Changed, b.Bound)
		} else if b.Changed != nil {
			b.Bound.check(t, "bound", 20)
			lost := *got.Whole.Correct - *b.Bound.Correct
			if b.Changed.N != 20 || lost > b.Changed.Count || *b.Bound.Correct > *b.Correct || (lost > 0) != (b.Bound.L2 > 0) || b.Bound.LInf > b.Bound.L2 {
				t.Errorf("band %d: %+v, %+v", i, b.Changed, b.Bound)
			}
		}
	}
	// Nothing taken away is the whole image.
	if *got.Bands[1].Correct != *got.Whole.Correct || *got.Bands[6].Correct != *got.Whole.Correct {
		t.Errorf("high at 0: %d, low at 23: %d, whole: %d", *got.Bands[1].Correct, *got.Bands[6].Correct, *got.Whole.Correct)
	}
	every := document[bandsJSON](t, hfcui(t, "bands", "--model", tinyModel(t), "--data", data, "-n", "8", "--bn", "batch", "--normalize", "max", "--rho", "0.25", "--split", "train", "--json"))
	if len(every.Bands) != 2*24 || *every.BN != "batch" || *every.Normalize != "max" || *every.Rho != 0.25 || *every.Split != "train" {
		t.Errorf("%d bands, %+v", len(every.Bands), every)
	}
	if every.Bands[0].Changed == nil || every.Bands[0].Bound != nil {
		t.Errorf("normalized parts and batch statistics bound %+v", every.Bands[0].Bound)
	}
	table := hfcui(t, "bands", "--model", tinyModel(t), "--data", data, "-r", "4", "-n", "4", "--dtype", "bf16").done(t).stdout
	if !strings.Contains(table, "f(x) ≠ f(x_l)") || !strings.Contains(table, "whole") || !strings.Contains(table, "bf16") || !strings.Contains(table, "%") {
		t.Errorf("table:\n%s", table)
	}
}

func TestFlipsReportWhatBandsCount(t *testing.T) {
	type report struct {
		N, Count                          *int
		By                                string
		Permuted                          float64
		Model, Data, Split, Normalize, BN string

		R, Rho, Share float64
		CI95          [2]float64
		PermutedShare float64 `json:"permuted_share"`
		Classes       []struct {
			Label, N, Count int
			Class           string
			Share, Permuted float64
			CI95            [2]float64
		}
		Samples []struct{ Index, Label, Whole, Low, High, Rank *int }
	}
	got := document[report](t, hfcui(t, "flips", "--data", "shapes:test=60", "-r", "10", "--json"))
	if *got.N != 60 || *got.Count != len(got.Samples) || *got.Count < 4 {
		t.Errorf("%d flips of %d, %d listed", *got.Count, *got.N, len(got.Samples))
	}
	for _, s := range got.Samples {
		if *s.Whole != *s.Label || *s.High != *s.Label || *s.Low == *s.Label {
			t.Errorf("no flip: %d %d %d %d %d", *s.Index, *s.Label, *s.Whole, *s.Low, *s.High)
		}
	}
	images, count, permuted := 0, 0, 0.0
	for _, c := range got.Classes {
		images, count, permuted = images+c.N, count+c.Count, permuted+c.Permuted
	}
	if images != 60 || count != *got.Count || math.Abs(permuted-got.Permuted) > 1e-9 || got.Model != "demo" || got.R != 10 || got.CI95[0] > got.Share || got.CI95[1] < got.Share {
		t.Errorf("%+v", got)
	}
	svd := document[report](t, hfcui(t, "flips", "--data", "shapes:test=60", "-r", "10", "--by", "svd", "--json"))
	if *svd.N != 60 || *svd.Count != len(svd.Samples) || svd.By != "svd" || got.By != "fourier" || svd.Permuted < 0 || !(float64(*got.Count) > got.Permuted) {
		t.Errorf("by SVD %d (%v at random), by Fourier %d (%v)", *svd.Count, svd.Permuted, *got.Count, got.Permuted)
	}
	for _, s := range svd.Samples {
		if *s.Rank < 1 || *s.Rank > 31 {
			t.Errorf("image %d has rank %d", *s.Index, *s.Rank)
		}
	}
	hfcui(t, "flips", "--data", "shapes:test=60", "-r", "10", "--by", "svd").done(t)
	none := document[report](t, hfcui(t, "flips", "--data", "shapes:test=20", "-r", "23", "--json"))
	if *none.Count != 0 || none.Samples == nil {
		t.Errorf("past the corner: %+v", none)
	}
	hfcui(t, "flips", "--data", "shapes:test=20", "-r", "10").done(t)
}

func TestHeatmapReport(t *testing.T) {
	dir := t.TempDir()
	type report struct {
		Model, Data, Split     string
		N, Height, Width, Seed *int
		Norm, Rho              *float64
		Clip                   *bool
		Clean                  *scoreJSON
		Cells                  []struct {
			U, V *int
			scoreJSON
		}
	}
	got := document[report](t, hfcuiIn(t, dir, "heatmap", "--model", tinyModel(t), "--data", "shapes:test=6", "--norm", "0", "-o", "h.png", "--json"))
	if *got.N != 6 || *got.Height != 32 || *got.Width != 32 || *got.Norm != 0 || !*got.Clip || *got.Rho != 0 || len(got.Cells) != 514 {
		t.Errorf("%+v", got)
	}
	for _, c := range got.Cells {
		c.check(t, "cell", 6)
		if *c.Correct != *got.Clean.Correct {
			t.Errorf("noise of norm 0 at (%d,%d) leaves %d right of %d", *c.U, *c.V, *c.Correct, *got.Clean.Correct)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "h.png")); err != nil || !strings.HasPrefix(string(b), "\x89PNG") {
		t.Errorf("picture: %v", err)
	}
	table := hfcui(t, "heatmap", "--model", tinyModel(t), "--data", "shapes:test=4", "--norm", "8", "--unclipped").done(t).stdout
	if !strings.Contains(table, "not clipped") || !strings.Contains(table, "highest error at") {
		t.Errorf("table:\n%s", table)
	}
	for _, norm := range []string{"nan", "inf", "-1", "x"} {
		hfcui(t, "heatmap", "--norm", norm).refused(t, 2, "--norm "+norm)
	}
}

func TestDataListAndInfo(t *testing.T) {
	dir := fixtures(t)
	list := document[[]map[string]any](t, hfcui(t, "data", "list", "--json"))
	if len(list) != 4 || list[0]["name"] != "shapes" || list[0]["ready"] != true || list[1]["ready"] != false {
		t.Errorf("%v", list)
	}
	hfcui(t, "data", "list").done(t)
	got := document[dataset.Info](t, hfcuiIn(t, dir, "data", "info", "pairs", "--json"))
	if len(got.Splits) != 1 || got.Splits[0].Images != 6 || !slices.Equal(got.Classes, []string{"left", "right"}) ||
		!slices.Equal(got.Splits[0].PerClass, []int{3, 3}) {
		t.Errorf("%+v", got)
	}
	hfcuiIn(t, dir, "data", "info", "pairs").done(t)
	hfcui(t, "data", "info", "shapes:train=20,test=10").done(t)
}

// TestDataGetNoticesDamage plays a server whose files are not the official ones.
func TestDataGetNoticesDamage(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("not the file you are looking for"))
	}))
	defer server.Close()
	hfcui(t, "data", "get", "mnist", "--from", server.URL).refused(t, 1)
	missing := httptest.NewServer(http.NotFoundHandler())
	defer missing.Close()
	hfcui(t, "data", "get", "mnist", "--from", missing.URL).refused(t, 1, "404")
}

func TestModelConvertKeepsAnswers(t *testing.T) {
	dir := fixtures(t)
	hfcuiIn(t, dir, "model", "convert", "demo", "copy.safetensors").done(t)
	hfcuiIn(t, dir, "model", "convert", "demo", "copy.onnx").done(t)
	ask := func(model string) string {
		return hfcuiIn(t, dir, "predict", "photo.png", "--model", model, "--json").done(t).stdout
	}
	for _, copied := range []string{"copy.safetensors", "copy.onnx"} {
		if a, b := ask("demo"), ask(copied); a != b {
			t.Errorf("%s says %s, the original %s", copied, b, a)
		}
	}
	hfcuiIn(t, dir, "model", "convert", "demo", "named.safetensors", "--mean", "0.5", "--std", "0.25", "--classes", "a,b,c,d,e,f,g,h,i,j").done(t)
	got := document[modelReport](t, hfcuiIn(t, dir, "model", "info", "named.safetensors", "--json"))
	if !slices.Equal(got.Mean, []float32{0.5, 0.5, 0.5}) || !slices.Equal(got.Std, []float32{0.25, 0.25, 0.25}) || got.Classes[9] != "j" || got.Outputs != 10 {
		t.Errorf("%+v", got)
	}
	hfcuiIn(t, dir, "model", "info", "demo").done(t)
}

func TestBenchReports(t *testing.T) {
	got := document[map[string]any](t, hfcui(t, "bench", "--work", "split", "--batch", "4", "--size", "16x12", "--threads", "1", "--json"))
	for _, key := range []string{"work", "net", "batch", "threads", "dtype", "device", "images_per_s"} {
		if _, ok := got[key]; !ok {
			t.Errorf("no %q in %v", key, got)
		}
	}
	list := document[[]map[string]any](t, hfcui(t, "bench", "--work", "split", "--batch", "1,3", "--size", "16x12", "-r", "2,5,6", "--json"))
	if len(list) != 2 || list[1]["batch"] != 3.0 || len(list[0]["radii"].([]any)) != 3 {
		t.Errorf("%v", list)
	}
	if table := hfcui(t, "bench", "--work", "bands", "--net", "resnet20-w4", "--batch", "1,2", "-r", "5").done(t).stdout; !strings.Contains(table, "images/s") || strings.Count(table, "\n") != 5 {
		t.Errorf("the table is\n%s", table)
	}
	hfcui(t, "bench", "--work", "sixel", "--size", "64x48").done(t)
	hfcui(t, "bench", "--work", "infer", "--net", "resnet20-w4", "--batch", "2").done(t)
	got = document[map[string]any](t, hfcui(t, "bench", "--work", "infer", "--model", "demo", "--batch", "2", "--json"))
	if input, _ := got["input"].([]any); got["model"] != "demo" || len(input) != 3 || input[1] != got["height"] {
		t.Errorf("%v", got)
	}
	got = document[map[string]any](t, hfcui(t, "bench", "--work", "train", "--net", "resnet8-w4", "--batch", "2", "--dtype", "bf16", "--json"))
	if device, _ := got["device_name"].(string); got["dtype"] != "bf16" || !strings.Contains(device, "bf16") {
		t.Errorf("%v", got)
	}
}

func TestDoctorWorksWithoutATerminal(t *testing.T) {
	got := document[doctorReport](t, hfcui(t, "doctor", "--json"))
	if got.Terminal != nil || got.Pictures.Protocol != "none" || len(got.Processor.Kernels) == 0 || !strings.Contains(got.Processor.BF16, "bf16") || len(got.Data) != 4 || got.Cache == "" {
		t.Errorf("%+v", got)
	}
	if d := got.Devices; d.Auto == "" || d.Why == "" || d.Note == "" || len(d.Found)+len(d.Missing) == 0 {
		t.Errorf("%+v", d)
	}
	text := hfcui(t, "doctor").done(t).stdout
	for _, want := range []string{"no terminal", "--device auto uses " + got.Devices.Auto + ": " + got.Devices.Why, "not run on a real GPU yet"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// TestWithoutAHome runs the command as it runs in many containers.
func TestWithoutAHome(t *testing.T) {
	for _, args := range [][]string{{"doctor"}, {"--version"}, {"bands", "-r", "4", "-n", "4"}} {
		cmd := exec.Command(program, args...)
		cmd.Env = append(environment(t), "HOME=", "XDG_CACHE_HOME=", "HFCUI_CACHE=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q: %v, %s", args, err, out)
		}
	}
}

func TestHelpIsThereForEveryCommand(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"explore", "-h"}, {"help", "split"}, {"data", "get", "--help"}, {"help", "model", "convert"}} {
		o := hfcui(t, args...).done(t)
		if !strings.Contains(o.stdout, "USAGE") || strings.Contains(o.stdout, "\x1b") {
			t.Errorf("%q: %.300q", args, o.stdout)
		}
	}
}

// TestInterruptEnds interrupts commands at work.
func TestInterruptEnds(t *testing.T) {
	for _, args := range [][]string{
		{"bands", "--data", "shapes:test=200000"},
		{"flips", "-r", "10", "--data", "shapes:test=200000"},
		{"train", "--run", "run", "--epochs", "1000", "--data", "shapes:train=20000"},
		{"bench", "--work", "train", "--net", "resnet18", "--batch", "256"},
	} {
		t.Run(args[0], func(t *testing.T) {
			cmd := exec.Command(program, args...)
			var stdout, stderr strings.Builder
			cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = t.TempDir(), environment(t), &stdout, &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			cmd.Process.Signal(syscall.SIGINT)
			sent := time.Now()
			cmd.Wait()
			if took := time.Since(sent); took > patience { // uninterrupted it takes far longer
				t.Errorf("it took %v to end", took)
			}
			outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}.refused(t, 130, "interrupt")
			filepath.WalkDir(cmd.Dir, func(path string, _ os.DirEntry, _ error) error {
				if strings.Contains(filepath.Base(path), "tmp") {
					t.Errorf("left behind: %s", path)
				}
				return nil
			})
		})
	}
}

// TestBrokenPipeIsQuiet lets the reader of the output go away, as head does.
func TestBrokenPipeIsQuiet(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	cmd := exec.Command(program, "data", "list")
	var stderr strings.Builder
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(t), w, &stderr
	cmd.Run()
	if stderr.String() != "" {
		t.Errorf("standard error: %q", stderr.String())
	}
}
