package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/engine/plan"
	"hfcui/ui/kit"
)

// versionFlags are the versions of the test images to measure.
type versionFlags struct {
	corruptions words
	severities  words
}

// everything is the word for all corruptions or severities.
const everything = "all"

func (v *versionFlags) flags(flags *pflag.FlagSet) {
	flags.Var(&v.corruptions, "corruption", "corruptions of the test images, e.g. fog or fog,snow or all, in data such as CIFAR-10-C (default: its first)")
	flags.Var(&v.severities, "severity", "severities of the corruptions, e.g. 3 or 1,5 or all (default: the lowest of one corruption, all of several)")
}

// words is a flag that takes words with commas in between.
type words []string

func (w *words) Type() string   { return "LIST" }
func (w *words) String() string { return strings.Join(*w, ",") }

func (w *words) Set(s string) error {
	*w = nil
	for word := range strings.SplitSeq(s, ",") {
		if word = strings.TrimSpace(word); word == "" {
			return fmt.Errorf("has an empty name")
		}
		if !slices.Contains(*w, word) {
			*w = append(*w, word)
		}
	}
	return nil
}

// several reports whether more than one version is asked for.
func (w words) several() bool { return len(w) > 1 || len(w) == 1 && w[0] == everything }

// choose sets what to open, and whether to measure more than that.
func (v *versionFlags) choose(o *lab.Options) error {
	severities, err := v.numbers()
	if err != nil {
		return err
	}
	o.Versions = v.corruptions.several() || v.severities.several()
	if len(v.corruptions) > 0 && v.corruptions[0] != everything {
		o.Corruption = v.corruptions[0]
	}
	if len(severities) > 0 {
		o.Severity = severities[0]
	}
	if o.Versions {
		o.Severity = 0 // any: each corruption has its own
	}
	return nil
}

// numbers are the severities; nil if all are asked for.
func (v *versionFlags) numbers() ([]int, error) {
	if v.severities.several() && v.severities[0] == everything {
		return nil, nil
	}
	var list []int
	for _, word := range v.severities {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 || n > maxSeverity {
			return nil, usagef("--severity %s: use integers from 0 to %d, or all", quoted(word), maxSeverity)
		}
		list = append(list, n)
	}
	return list, nil
}

// measure measures the versions and describes them.
func (v *versionFlags) measure(ctx context.Context, l *lab.Lab, o lab.Options, q lab.BandsRequest, dtype string) (bands.CorruptedReport, error) {
	var none bands.CorruptedReport
	names := []string(v.corruptions)
	if len(names) > 0 && names[0] == everything {
		names = nil
	}
	severities, err := v.numbers()
	if err != nil {
		return none, err
	}
	info := l.Info()
	chosen, err := lab.ChooseCorruptions(info.Data, info.Corruptions, names, severities)
	if err != nil {
		return none, err
	}
	line := newProgress()
	result, err := l.Corrupted(ctx, lab.CorruptedRequest{Corruptions: chosen, BandsRequest: q}, func(c bands.Corrupted) {
		done, all, _ := c.Count()
		line.set("%s  %s", bar(int64(done), int64(all)), kit.Counted(c.Versions(), "version"))
	})
	line.clear()
	if err != nil {
		return none, err
	}
	smoothing, err := l.Model().Canonical(q.Smoothing)
	if err != nil {
		return none, err
	}
	report := bands.NewCorruptedReport(o.Model, o.Data, "test", q.Normalize, q.Statistics, smoothing, q.Radii, result)
	if o.DType != plan.Float32 {
		report.DType = dtype
	}
	return report, nil
}

// corruptedTable prints accuracy by corruption and severity, on whole images and on each component.
func corruptedTable(w io.Writer, r bands.CorruptedReport, reading lab.Reading) {
	fmt.Fprintf(w, "%s on %s (%s, %s of each version), band normalization: %s, batch norm: %s statistics, %s%s\n",
		oneLine(r.Model), oneLine(r.Data), r.Split, kit.Counted(r.N, "image"), r.Normalize, r.BN, smoothingWords(r.Smoothing), after(", ", r.DType))
	readingLines(w, reading)
	fmt.Fprintf(w, "mean corruption accuracy: %s\n", r.Definition)
	corruptedPart(w, "accuracy", r, r.Mean, func(v bands.VersionReport) string { return percent(v.Whole) },
		func(c bands.CorruptionReport) bands.MeanDocument { return c.Whole })
	for i, band := range r.Bands {
		corruptedPart(w, fmt.Sprintf("%s, r %s", band.Part, plain(band.R)), r, band.MeanDocument,
			func(v bands.VersionReport) string { return percentOf(v.Bands[i].Accuracy, v.Bands[i].CI95) },
			func(c bands.CorruptionReport) bands.MeanDocument { return c.Bands[i].MeanDocument })
	}
}

// corruptedPart prints one table: a line for each corruption, a column for each severity.
func corruptedPart(w io.Writer, title string, r bands.CorruptedReport, mean bands.MeanDocument, cell func(bands.VersionReport) string, of func(bands.CorruptionReport) bands.MeanDocument) {
	var severities []int
	for _, c := range r.Corruptions {
		severities = append(severities, c.Severities...)
	}
	slices.Sort(severities)
	severities = slices.Compact(severities)
	fmt.Fprintf(w, "\n%s", title)
	for _, s := range severities {
		fmt.Fprintf(w, "\tseverity %d", s)
	}
	fmt.Fprintf(w, "\tmean\n")
	versions := r.Versions
	for _, c := range r.Corruptions {
		fmt.Fprint(w, oneLine(c.Corruption))
		for _, s := range severities {
			text := ""
			if slices.Contains(c.Severities, s) {
				text, versions = cell(versions[0]), versions[1:]
			}
			fmt.Fprintf(w, "\t%s", text)
		}
		m := of(c)
		fmt.Fprintf(w, "\t%s\n", percentOf(m.Accuracy, m.CI95))
	}
	fmt.Fprintf(w, "mean%s\t%s\n", strings.Repeat("\t", len(severities)), percentOf(mean.Accuracy, mean.CI95))
}

// percentOf formats an accuracy that is not a score as percent does.
func percentOf(accuracy *float64, ci [2]float64) string {
	if accuracy == nil || math.IsNaN(*accuracy) {
		return "–"
	}
	return fmt.Sprintf("%6.2f %% (%.2f–%.2f)", 100**accuracy, 100*ci[0], 100*ci[1])
}
