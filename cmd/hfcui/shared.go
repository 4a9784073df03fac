package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/ui/picture"
)

// maxImages is the maximum number of images of a flag, above the size of any dataset.
const maxImages = 1 << 30

// maxSeverity is the maximum severity of a flag, above that of any tree of corruptions.
const maxSeverity = 1000

// modelFlags adds --model and the flags that describe it.
func modelFlags(cmd *cobra.Command, o *lab.Options) {
	namedVar(cmd.Flags(), &o.Model, "model", "demo", "model file (.safetensors, .pt, .onnx) or embedded model", knownModel)
	describeFlags(cmd.Flags(), &o.Given)
}

// network is a flag that takes a network's name.
type network string

// netVar adds --net; *net is the default.
func netVar(flags *pflag.FlagSet, net *string, usage string) {
	flags.Var((*network)(net), "net", usage+": "+strings.Join(nets.Names(), ", ")+"; "+nets.Forms)
}

func (n *network) Type() string   { return "NAME" }
func (n *network) String() string { return string(*n) }

func (n *network) Set(s string) error {
	if _, err := nets.ByName(s); err != nil {
		return fmt.Errorf("%w%s", err, didYouMean(s, nets.Names()))
	}
	*n = network(s)
	return nil
}

// dataFlags adds --data, --split, --labels, and --corruption and --severity.
func dataFlags(cmd *cobra.Command, o *lab.Options) {
	splitFlags(cmd, o)
	corruptionFlags(cmd.Flags(), &o.Corruption, &o.Severity)
	fitVar(cmd.Flags(), &o.Fit)
}

// splitFlags adds --data, --split and --labels.
func splitFlags(cmd *cobra.Command, o *lab.Options) {
	namedVar(cmd.Flags(), &o.Data, "data", "shapes", "dataset folder or name", knownData)
	choiceVar(cmd.Flags(), &o.Split, "split", "split of the dataset", "test", "train")
	labelsVar(cmd.Flags(), &o.Labels)
}

// labelsVar adds --labels.
func labelsVar(flags *pflag.FlagSet, labels *string) {
	nameVar(flags, labels, "labels", "", "", "labels to use where there are several kinds, e.g. coarse of CIFAR-100")
}

// corruptionFlags adds --corruption and --severity.
func corruptionFlags(flags *pflag.FlagSet, corruption *string, severity *int) {
	nameVar(flags, corruption, "corruption", "", "", "corruption of the test images, e.g. fog, in data such as CIFAR-10-C (default: its first)")
	countVar(flags, severity, "severity", "", 0, 0, maxSeverity, "severity of the corruption (default: its lowest)")
}

// fitVar adds --fit.
func fitVar(flags *pflag.FlagSet, fit *dataset.Fit) {
	choiceVar(flags, (*string)(fit), "fit", "how images of other sizes are fitted to the model's input (crop: resize the shortest side, center-crop)", dataset.Fits()...)
}

// openLab opens the model and the data of a command's flags. Defaults are left to the Lab, which then
// knows that nobody chose them.
func openLab(cmd *cobra.Command, o lab.Options) (*lab.Lab, error) {
	if !cmd.Flags().Changed("model") {
		o.Model = ""
	}
	if !cmd.Flags().Changed("data") {
		o.Data = ""
	}
	return lab.Open(cmd.Context(), o)
}

// openScored is openLab for commands that measure accuracy.
func openScored(cmd *cobra.Command, o lab.Options) (*lab.Lab, error) {
	l, err := openLab(cmd, o)
	if err != nil {
		return nil, err
	}
	info := l.Info()
	switch {
	case info.Labeled:
		return l, nil
	case info.DefaultData:
		err = fmt.Errorf("accuracy unavailable: %s; choose its dataset with --data", info.Unscored)
	case info.DefaultModel && !info.Unlabeled:
		err = fmt.Errorf("accuracy unavailable: %s; choose a model of this dataset with --model", info.Unscored)
	default:
		err = fmt.Errorf("accuracy unavailable: %s; use class folders with the model's classes, or name them with --classes", info.Unscored)
	}
	return nil, errors.Join(err, l.Close())
}

// deviceName is a flag that takes a device's name; the automatic choice is "".
type deviceName string

// deviceVar adds --device.
func deviceVar(flags *pflag.FlagSet, name *string) {
	flags.Var((*deviceName)(name), "device", "compute device: "+strings.Join(device.Forms(), ", "))
}

func (d *deviceName) Type() string { return "NAME" }

func (d *deviceName) String() string {
	if *d == "" {
		return device.Auto
	}
	return string(*d)
}

func (d *deviceName) Set(s string) error {
	if s == "" {
		return fmt.Errorf("is empty: use a name, or omit the flag")
	}
	if err := device.Check(s); err != nil {
		return fmt.Errorf("%w%s", err, didYouMean(s, device.Names()))
	}
	if s == device.Auto {
		s = ""
	}
	*d = deviceName(s)
	return nil
}

// limitVar adds -n.
func limitVar(flags *pflag.FlagSet, n *int) {
	countVar(flags, n, "limit", "n", 0, 0, maxImages, "use only the first N images (0: all)")
}

// settingFlags adds the flags of a Setting and returns a function that returns the parsed setting.
func settingFlags(cmd *cobra.Command) func() bands.Setting {
	var s bands.Setting
	var normalize, statistics string
	choiceVar(cmd.Flags(), &normalize, "normalize", "normalization of low-pass and high-pass images", "none", "max", "std")
	choiceVar(cmd.Flags(), &statistics, "bn", "statistics that batch norm uses", "running", "batch")
	smoothingFlags(cmd.Flags(), &s.Smoothing)
	return func() bands.Setting {
		s.Normalize, _ = bands.ParseNormalization(normalize)
		s.Statistics, _ = model.ParseStatistics(statistics)
		return s
	}
}

// picturesVar adds --pictures.
func picturesVar(flags *pflag.FlagSet, p *string) {
	choiceVar(flags, p, "pictures", "graphics protocol for pictures", append([]string{"auto"}, picture.Names()...)...)
}

// themeVar adds --theme.
func themeVar(flags *pflag.FlagSet, p *string) {
	choiceVar(flags, p, "theme", "colors for the terminal's background; auto asks the terminal, then reads COLORFGBG", "auto", "dark", "light")
}

// wholeRadii returns 0, 1, 2 … up to the first past the corner.
func wholeRadii(past float64) []float64 {
	r := make([]float64, int(past)+1)
	for i := range r {
		r[i] = float64(i)
	}
	return r
}
