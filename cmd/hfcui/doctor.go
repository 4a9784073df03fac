package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	xcpu "golang.org/x/sys/cpu"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/ui/kit"
	uiterm "hfcui/ui/term"
)

// doctorReport is what doctor prints as JSON.
type doctorReport struct {
	Version   string            `json:"version"`
	Platform  string            `json:"platform"`
	Terminal  *terminalReport   `json:"terminal"` // null if there is none
	Pictures  picturesReport    `json:"pictures"`
	Processor processorReport   `json:"processor"`
	Devices   devicesReport     `json:"devices"`
	Models    []embeddedReport  `json:"models"`
	Data      []dataset.Listing `json:"data"`
	Cache     string            `json:"cache"`

	CacheProblem string `json:"cache_problem,omitempty"` // why there is no cache folder
}

type terminalReport struct {
	Name     string   `json:"name"`
	Columns  int      `json:"columns"`
	Rows     int      `json:"rows"`
	Cell     [2]int   `json:"cell"` // width, height in pixels
	CellFrom string   `json:"cell_from"`
	Sixel    bool     `json:"sixel"`
	Kitty    bool     `json:"kitty"`
	Direct   bool     `json:"kitty_direct"` // without placeholders
	ITerm2   bool     `json:"iterm2"`
	Colors   int      `json:"sixel_colors"`
	Sync     bool     `json:"synchronized_output"`
	Tmux     bool     `json:"tmux"`
	Color    string   `json:"color"` // TrueColor, ANSI256, ANSI or Ascii
	Answers  []string `json:"answers"`
	Advice   []string `json:"advice"` // settings that would improve something
}

type picturesReport struct {
	Protocol string `json:"protocol"`
	Why      string `json:"why"`
}

type processorReport struct {
	Name     string   `json:"name"`
	Cores    int      `json:"cores"`
	Features []string `json:"features"`
	Kernels  []string `json:"kernels"` // supported by this processor
	Device   string   `json:"device"`  // the one in use
	BF16     string   `json:"bf16"`    // the one in use for --dtype bf16

	BF16Note string `json:"bf16_note,omitempty"` // why it is slow
}

// devicesReport is what --device can be besides the processor.
type devicesReport struct {
	Found   []deviceReport `json:"found"`
	Missing []string       `json:"missing"` // why there is none of a kind, and what to install
	Auto    string         `json:"auto"`    // what --device auto uses
	Why     string         `json:"why"`
	CuDNN   cudnnReport    `json:"cudnn"`

	Note string `json:"note"` // what has not been tried
}

// cudnnReport is NVIDIA's library, which CUDA uses for convolutions that it does faster.
type cudnnReport struct {
	Version string `json:"version,omitempty"`
	Path    string `json:"path,omitempty"`
	Problem string `json:"problem,omitempty"` // why it is not used
}

type deviceReport struct {
	ID      string `json:"id"` // as in --device
	Name    string `json:"name"`
	Runtime string `json:"runtime"`
	Memory  int64  `json:"memory_bytes"`
	CPU     bool   `json:"cpu"` // the processor, not a GPU

	Unavailable string `json:"unavailable,omitempty"` // why it cannot be used
}

type embeddedReport struct {
	Name   string `json:"name"`
	Net    string `json:"net"`
	Params int    `json:"params"`
}

func doctorCommand() *cobra.Command {
	var pictures string
	var out output
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Report terminal, processor, GPUs, models and data",
		Long: "Queries the terminal's capabilities and reports which graphics protocol is used and why, " +
			"which processor features are used, which GPUs were found, and which models and datasets are available.",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := diagnose(cmd.Context(), pictures)
			if err != nil {
				return err
			}
			return out.print(report, func(w io.Writer) { report.table(w) })
		},
	}
	picturesVar(cmd.Flags(), &pictures)
	out.flags(cmd)
	return cmd
}

func diagnose(ctx context.Context, pictures string) (*doctorReport, error) {
	r := &doctorReport{Version: version(), Platform: runtime.GOOS + "/" + runtime.GOARCH + ", " + runtime.Version()}
	r.Pictures = picturesReport{"none", "no terminal"}
	if err := r.queryTerminal(ctx, pictures); err != nil {
		return nil, err
	}
	const processor = "cpu"
	single, err := device.Open(processor, plan.DeviceOptions{})
	if err != nil {
		return nil, err
	}
	r.Processor = processorReport{Name: processorName(), Cores: runtime.NumCPU(), Features: processorFeatures(), Device: single.Name(), Kernels: device.Kernels(processor)}
	half, err := device.Open(processor, plan.DeviceOptions{DType: plan.BFloat16})
	if err != nil {
		return nil, err
	}
	r.Processor.BF16, r.Processor.BF16Note = half.Name(), half.Note()
	r.Devices = findDevices()
	for _, name := range checkpoints.EmbeddedNames() {
		m, err := model.Load(name, "")
		if err != nil {
			return nil, err
		}
		r.Models = append(r.Models, embeddedReport{name, m.Net.Name, m.Params()})
	}
	// Without a cache folder, e.g. in a container without a home, everything else works.
	r.Cache, err = dataset.CacheDir()
	if err != nil {
		r.CacheProblem = err.Error()
		return r, nil
	}
	r.Data, err = dataset.List("")
	return r, err
}

func findDevices() devicesReport {
	list := device.List()
	r := devicesReport{Found: []deviceReport{}, Missing: []string{}, Auto: list.Auto, Why: list.Why, Note: device.Unproven}
	r.CuDNN = cudnnReport{Version: list.CuDNN.Version, Path: list.CuDNN.Path, Problem: oneLine(list.CuDNN.Problem)}
	for _, d := range list.Found {
		r.Found = append(r.Found, deviceReport(d))
	}
	for _, m := range list.Missing {
		r.Missing = append(r.Missing, oneLine(m.Why))
	}
	return r
}

// queryTerminal queries the terminal on standard input, through standard output, or through
// standard error if the output is redirected.
func (r *doctorReport) queryTerminal(ctx context.Context, pictures string) error {
	out := os.Stdout
	if !term.IsTerminal(out.Fd()) {
		out = os.Stderr
	}
	if !term.IsTerminal(os.Stdin.Fd()) || !term.IsTerminal(out.Fd()) {
		return nil
	}
	t, err := uiterm.Open(os.Stdin, out, os.Environ())
	if err != nil {
		return fmt.Errorf("querying the terminal: %w", err)
	}
	t.Query(ctx)
	if err := t.Close(); err != nil {
		return fmt.Errorf("restoring the terminal: %w", err)
	}
	c := t.Capabilities()
	r.Terminal = &terminalReport{Name: oneLine(c.Name), Cell: [2]int{c.CellW, c.CellH}, CellFrom: c.CellFrom, Sixel: c.Sixel,
		Kitty: c.Kitty, Direct: c.KittyDirect, Color: c.Profile.String(), Advice: []string{}, ITerm2: c.ITerm2, Colors: c.Colors, Sync: c.Sync, Tmux: c.Tmux}
	r.Terminal.Columns, r.Terminal.Rows, _ = term.GetSize(out.Fd())
	for _, a := range c.Answers {
		r.Terminal.Answers = append(r.Terminal.Answers, oneLine(a))
	}
	for _, a := range c.Advice {
		r.Terminal.Advice = append(r.Terminal.Advice, oneLine(a))
	}
	protocol, why := c.Choose(pictures)
	r.Pictures = picturesReport{protocol, why}
	return nil
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// processorName returns the processor's name; "" if unknown.
func processorName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), "model name")
	line, _, _ := strings.Cut(rest, "\n")
	return oneLine(strings.TrimLeft(line, "\t :"))
}

// processorFeatures lists the features that kernels may use.
func processorFeatures() []string {
	var found []string
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"avx2", xcpu.X86.HasAVX2}, {"fma", xcpu.X86.HasFMA}, {"avx512f", xcpu.X86.HasAVX512F},
		{"avx512bw", xcpu.X86.HasAVX512BW}, {"avx512vl", xcpu.X86.HasAVX512VL}, {"avx512bf16", xcpu.X86.HasAVX512BF16},
		{"asimd", xcpu.ARM64.HasASIMD}, {"sve", xcpu.ARM64.HasSVE},
	} {
		if f.has {
			found = append(found, f.name)
		}
	}
	return found
}

func (r *doctorReport) table(w io.Writer) {
	fmt.Fprintf(w, "hfcui\t%s, %s\n", r.Version, r.Platform)
	if t := r.Terminal; t != nil {
		fmt.Fprintf(w, "terminal\t%s, %d×%d cells of %d×%d pixels (%s)\n", named(t.Name), t.Columns, t.Rows, t.Cell[0], t.Cell[1], t.CellFrom)
		for _, a := range t.Answers {
			fmt.Fprintf(w, "\t%s\n", a)
		}
	} else {
		fmt.Fprintf(w, "terminal\tnone\n")
	}
	fmt.Fprintf(w, "pictures\t%s: %s\n", r.Pictures.Protocol, strings.TrimPrefix(r.Pictures.Why, r.Pictures.Protocol+": "))
	if t := r.Terminal; t != nil {
		fmt.Fprintf(w, "colors\t%s\n", t.Color)
		for _, a := range t.Advice {
			fmt.Fprintf(w, "advice\t%s\n", a)
		}
	}
	fmt.Fprintf(w, "processor\t%s, %s\n", named(r.Processor.Name), kit.Counted(r.Processor.Cores, "core"))
	fmt.Fprintf(w, "features\t%s\n", strings.Join(r.Processor.Features, " "))
	fmt.Fprintf(w, "kernels\t%s; used: %s\n", strings.Join(r.Processor.Kernels, " "), r.Processor.Device)
	fmt.Fprintf(w, "bf16\t%s\n", r.Processor.BF16)
	if r.Processor.BF16Note != "" {
		fmt.Fprintf(w, "\t%s\n", r.Processor.BF16Note)
	}
	r.Devices.table(w)
	for _, m := range r.Models {
		fmt.Fprintf(w, "model\t%s: %s, %d parameters\n", m.Name, m.Net, m.Params)
	}
	fmt.Fprintf(w, "cache\t%s\n", oneLine(r.Cache+r.CacheProblem))
	for _, d := range r.Data {
		fmt.Fprintf(w, "data\t%s: %s\n", d.Name, whereabouts(d))
	}
}

func (r devicesReport) table(w io.Writer) {
	fmt.Fprintf(w, "device\t--device auto uses %s: %s\n", r.Auto, r.Why)
	for _, d := range r.Found {
		where := ""
		if d.CPU {
			where = ", on the CPU"
		}
		fmt.Fprintf(w, "\t%s: %s, %s, %.1f GB of memory%s\n", d.ID, named(d.Name), d.Runtime, float64(d.Memory)/1e9, where)
		if d.Unavailable != "" {
			fmt.Fprintf(w, "\tunavailable: %s\n", d.Unavailable)
		}
	}
	for _, why := range r.Missing {
		fmt.Fprintf(w, "\t%s\n", why)
	}
	if c := r.CuDNN; c.Problem != "" {
		fmt.Fprintf(w, "\t%s\n", c.Problem)
	} else {
		fmt.Fprintf(w, "\t%s, %s: for convolutions that it does faster; HFCUI_CUDNN=off turns it off\n", c.Version, oneLine(c.Path))
	}
	fmt.Fprintf(w, "\t%s\n", r.Note)
}

// named returns a name, or a placeholder for an unknown one.
func named(s string) string {
	if s == "" {
		return "unnamed"
	}
	return s
}
