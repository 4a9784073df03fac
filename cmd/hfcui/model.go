package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"hfcui/engine/model"
	"hfcui/ui/kit"
)

func modelCommand() *cobra.Command {
	return group("model", "Inspect and convert model files", modelInfoCommand(), modelConvertCommand())
}

// modelReport is the JSON output of model info.
type modelReport struct {
	Model     string   `json:"model"`
	Net       string   `json:"net"`
	Params    int      `json:"params"`
	Outputs   int      `json:"outputs"`
	Classes   []string `json:"classes"` // null if the file has none
	BatchNorm bool     `json:"batch_norm"`
	FirstConv string   `json:"first_conv"`
	model.Reading
	Metadata     map[string]string `json:"metadata"`
	Tensors      []tensorReport    `json:"tensors"`
	Layers       []model.Layer     `json:"layers"`        // in the order of a forward pass, for one image
	MultiplyAdds int               `json:"multiply_adds"` // of convolutions and linear layers, for one image
}

type tensorReport struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
}

func modelInfoCommand() *cobra.Command {
	var description model.Description
	var all bool
	var out output
	cmd := &cobra.Command{
		Use:   "info MODEL",
		Short: "Describe the network in a model file",
		Long: "Describes the network in a model file: its input, assumptions and layers with output shape, parameters and, " +
			"for convolutions and linear layers, multiply-adds per image. Repeated layers are shown once, unless --layers.",
		Args: exactly(1, "model"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := knownModel(args[0]); err != nil {
				return usagef("%s: %w", quoted(args[0]), err)
			}
			m, err := model.LoadAs(args[0], description)
			if err != nil {
				return err
			}
			report := modelReport{Model: args[0], Net: m.Net.Name, Params: m.Params(), Outputs: m.Net.Classes, Classes: m.Classes,
				BatchNorm: m.HasBatchNorm(), FirstConv: m.FirstConv(), Reading: m.Reading(), Metadata: m.Metadata}
			for _, p := range m.Net.Params {
				report.Tensors = append(report.Tensors, tensorReport{p.Name, p.Shape})
			}
			if report.Layers, err = m.Layers(); err != nil {
				return err
			}
			for _, l := range report.Layers {
				report.MultiplyAdds += l.MultiplyAdds
			}
			return out.print(report, func(w io.Writer) {
				report.table(w)
				layerTable(w, report.Layers, all)
			})
		},
	}
	describeFlags(cmd.Flags(), &description)
	cmd.Flags().BoolVar(&all, "layers", false, "list every operation")
	out.flags(cmd)
	return cmd
}

func (r modelReport) table(w io.Writer) {
	fmt.Fprintf(w, "model\t%s\n", oneLine(r.Model))
	fmt.Fprintf(w, "network\t%s, %d parameters in %d tensors, %s multiply-adds per image\n", r.Net, r.Params, len(r.Tensors), magnitude(r.MultiplyAdds))
	if source := r.Metadata[model.KeySource]; source != "" {
		fmt.Fprintf(w, "file\t%s\n", oneLine(source))
	}
	fmt.Fprintf(w, "input\t%d×%d, %s\n", r.Input[2], r.Input[1], kit.Counted(r.Input[0], "channel"))
	classes := "not named"
	if r.Classes != nil {
		classes = oneLine(strings.Join(r.Classes, ", "))
	}
	fmt.Fprintf(w, "classes\t%d: %s\n", r.Outputs, classes)
	fmt.Fprintf(w, "normalization\t%s\n", r.Normalization())
	for _, a := range r.Assumed {
		fmt.Fprintf(w, "%s\t%s\n", map[bool]string{false: "assumed", true: "given"}[a.Given], oneLine(a.Text()))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(w, "note\t%s\n", oneLine(note))
	}
	for _, key := range sortedKeys(r.Metadata) {
		if key == model.KeySource {
			continue
		}
		fmt.Fprintf(w, "%s\t%s\n", oneLine(key), oneLine(r.Metadata[key]))
	}
}

func modelConvertCommand() *cobra.Command {
	var description model.Description
	var normalized bool
	var out output
	cmd := &cobra.Command{
		Use:   "convert IN OUT.{safetensors|onnx}",
		Short: "Convert a model to safetensors or ONNX with metadata",
		Long: "Converts a model file or an embedded model. Safetensors output has metadata that names the network, input " +
			"and classes. ONNX output (opset 17, dynamic batch size) takes pixels in [0,1]: mean and std are its first " +
			"nodes, unless --normalized-input.",
		Example: "hfcui model convert resnet20.pt resnet20.safetensors --mean cifar10\n" +
			"hfcui model convert demo demo.onnx",
		Args: exactly(2, "model and output file"),
		RunE: func(_ *cobra.Command, args []string) error {
			save, err := writerOf(args[1], normalized)
			if err != nil {
				return err
			}
			if err := knownModel(args[0]); err != nil {
				return usagef("%s: %w", quoted(args[0]), err)
			}
			if sameFile(args[0], args[1]) {
				return usagef("%s: the output is the input file: choose another name", quoted(args[1]))
			}
			m, err := model.LoadAs(args[0], description)
			if err != nil {
				return err
			}
			if err := save(m); err != nil {
				return err
			}
			report := map[string]any{"model": args[1], "net": m.Net.Name, "params": m.Params()}
			reading := sayUnchecked(m)
			return out.print(withReading(report, reading), func(w io.Writer) {
				fmt.Fprintf(w, "written\t%s\t%s, %d parameters\n", oneLine(args[1]), m.Net.Name, m.Params())
				readingLines(w, reading)
			})
		},
	}
	describeFlags(cmd.Flags(), &description)
	cmd.Flags().BoolVar(&normalized, "normalized-input", false, "export an ONNX model that takes normalized images, with mean and std in its metadata only")
	out.flags(cmd)
	return cmd
}

// sameFile reports whether two names lead to one existing file, also through links.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// writerOf returns the function that saves a model in the format of a file's extension.
func writerOf(path string, normalized bool) (func(*model.Model) error, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".safetensors":
		if normalized {
			return nil, usagef("--normalized-input: for ONNX only")
		}
		return func(m *model.Model) error { return m.Save(path) }, nil
	case ".onnx":
		return func(m *model.Model) error { return m.SaveONNX(path, normalized) }, nil
	}
	return nil, usagef("%s: unsupported output format: use a file name ending in .safetensors or .onnx", quoted(path))
}
