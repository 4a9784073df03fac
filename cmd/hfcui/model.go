package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"hfcui/checkpoints"
	"hfcui/engine/model"
	"hfcui/engine/nets"
)

func modelCommand() *cobra.Command {
	return group("model", "Inspect and convert model files", modelInfoCommand(), modelConvertCommand())
}

// modelReport is what model info prints as JSON.
type modelReport struct {
	Model     string            `json:"model"`
	Net       string            `json:"net"`
	Params    int               `json:"params"`
	Input     [3]int            `json:"input"` // channels, height, width
	Outputs   int               `json:"outputs"`
	Classes   []string          `json:"classes"` // null when the file does not name them
	Mean      []float32         `json:"mean"`
	Std       []float32         `json:"std"`
	BatchNorm bool              `json:"batch_norm"`
	FirstConv string            `json:"first_conv"`
	Assumed   []nets.Assumption `json:"assumed"` // what the file does not tell
	Notes     []string          `json:"notes"`
	Metadata  map[string]string `json:"metadata"`
	Tensors   []tensorReport    `json:"tensors"`
}

type tensorReport struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
}

func modelInfoCommand() *cobra.Command {
	var net string
	var out output
	cmd := &cobra.Command{
		Use:   "info MODEL",
		Short: "Describe the network in a model file",
		Args:  exactly(1, "model"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := knownModel(args[0]); err != nil {
				return usagef("%s: %w", quoted(args[0]), err)
			}
			m, err := model.Load(args[0], net)
			if err != nil {
				return err
			}
			c, h, w := m.Input()
			report := modelReport{Model: args[0], Net: m.Net.Name, Params: m.Params(), Input: [3]int{c, h, w},
				Outputs: m.Net.Classes, Classes: m.Classes, Mean: m.Mean, Std: m.Std, BatchNorm: m.HasBatchNorm(),
				FirstConv: m.FirstConv(), Assumed: m.Assumed, Notes: m.Notes, Metadata: m.Metadata}
			for _, p := range m.Net.Params {
				report.Tensors = append(report.Tensors, tensorReport{p.Name, p.Shape})
			}
			return out.print(report, func(w io.Writer) { report.table(w) })
		},
	}
	netVar(cmd.Flags(), &net, "expected architecture")
	out.flags(cmd)
	return cmd
}

func (r modelReport) table(w io.Writer) {
	fmt.Fprintf(w, "model\t%s\n", oneLine(r.Model))
	fmt.Fprintf(w, "network\t%s, %d parameters in %d tensors\n", r.Net, r.Params, len(r.Tensors))
	fmt.Fprintf(w, "input\t%d×%d, %s\n", r.Input[2], r.Input[1], plural(r.Input[0], "channel"))
	classes := "not named"
	if r.Classes != nil {
		classes = oneLine(strings.Join(r.Classes, ", "))
	}
	fmt.Fprintf(w, "classes\t%d: %s\n", r.Outputs, classes)
	if r.Mean != nil {
		fmt.Fprintf(w, "normalization\tmean %v, std %v\n", r.Mean, r.Std)
	} else {
		fmt.Fprintf(w, "normalization\tnone\n")
	}
	for _, a := range r.Assumed {
		fmt.Fprintf(w, "%s\t%s\n", map[bool]string{false: "assumed", true: "given"}[a.Said], oneLine(a.Text()))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(w, "note\t%s\n", oneLine(note))
	}
	for _, key := range sortedKeys(r.Metadata) {
		fmt.Fprintf(w, "%s\t%s\n", oneLine(key), oneLine(r.Metadata[key]))
	}
}

// conversion is what the flags of model convert add to a file's metadata.
type conversion struct {
	net     string
	classes []string
	mean    []float64
	std     []float64
}

func modelConvertCommand() *cobra.Command {
	var add conversion
	var out output
	cmd := &cobra.Command{
		Use:   "convert IN OUT.safetensors",
		Short: "Convert a model to safetensors with metadata",
		Long: "Reads a safetensors file, a PyTorch state dict (.pt, .pth) or an embedded model and writes it " +
			"as safetensors whose metadata names its network, input and classes.",
		Example: "hfcui model convert resnet20.pt resnet20.safetensors --mean 0.49,0.48,0.45 --std 0.25,0.24,0.26",
		Args:    exactly(2, "model and output file"),
		RunE: func(_ *cobra.Command, args []string) error {
			if !strings.EqualFold(filepath.Ext(args[1]), ".safetensors") {
				return usagef("%s: the output format is safetensors: use a file name ending in .safetensors", quoted(args[1]))
			}
			if err := add.check(args[0]); err != nil {
				return err
			}
			m, err := add.apply(args[0])
			if err != nil {
				return err
			}
			if err := m.Save(args[1]); err != nil {
				return err
			}
			report := map[string]any{"model": args[1], "net": m.Net.Name, "params": m.Params()}
			return out.print(report, func(w io.Writer) {
				fmt.Fprintf(w, "written\t%s\t%s, %d parameters\n", oneLine(args[1]), m.Net.Name, m.Params())
			})
		},
	}
	netVar(cmd.Flags(), &add.net, "expected architecture")
	cmd.Flags().StringSliceVar(&add.classes, "classes", nil, "class names, in output order")
	cmd.Flags().Float64SliceVar(&add.mean, "mean", nil, "mean of pixels in [0,1], one per channel or one for all")
	cmd.Flags().Float64SliceVar(&add.std, "std", nil, "standard deviation of pixels in [0,1], likewise")
	out.flags(cmd)
	return cmd
}

// check rejects values that are not finite.
func (c conversion) check(path string) error {
	if err := knownModel(path); err != nil {
		return usagef("%s: %w", quoted(path), err)
	}
	for flag, values := range map[string][]float64{"--mean": c.mean, "--std": c.std} {
		for _, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return usagef("%s %v: must be finite", flag, v)
			}
		}
	}
	return nil
}

// apply reads a model and adds the given metadata, validated like a file's own.
func (c conversion) apply(path string) (*model.Model, error) {
	file, ok := checkpoints.Embedded(path)
	if !ok {
		var err error
		if file, err = model.Open(path); err != nil {
			return nil, err
		}
	}
	for key, value := range map[string]any{"hfcui.classes": c.classes, "hfcui.mean": c.mean, "hfcui.std": c.std} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if string(text) != "null" {
			file.Metadata[key] = string(text)
		}
	}
	return model.FromFile(path, file, c.net)
}
