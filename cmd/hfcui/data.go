package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hfcui/engine/dataset"
	"hfcui/ui/kit"
)

func dataCommand() *cobra.Command {
	return group("data", "List, download and describe datasets", dataListCommand(), dataGetCommand(), dataInfoCommand())
}

func dataListCommand() *cobra.Command {
	var out output
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List named datasets and where they are",
		Args:  exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			all, err := dataset.List("")
			if err != nil {
				return err
			}
			return out.print(all, func(w io.Writer) {
				for _, d := range all {
					fmt.Fprintf(w, "%s\t%s\t%s\n", d.Name, d.About, whereabouts(d))
				}
			})
		},
	}
	out.flags(cmd)
	return cmd
}

// whereabouts returns the folder of a dataset, or how to get it.
func whereabouts(d dataset.Listing) string {
	switch {
	case d.Dir != "":
		return oneLine(d.Dir)
	case d.Ready:
		return "built in"
	}
	return fmt.Sprintf("hfcui data get %s (%.0f MB)", d.Name, float64(d.Download)/1e6)
}

func dataGetCommand() *cobra.Command {
	var out output
	var from string
	names := dataset.Names()[1:]
	cmd := &cobra.Command{
		Use:     "get NAME",
		Short:   "Download a dataset from its official source to the cache",
		Long:    "Downloads a dataset, verifies its digest and unpacks it. An interrupted download is resumed.",
		Example: "hfcui data get cifar10",
		Args:    exactly(1, "dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(names, args[0]) {
				return usagef("%s: not a downloadable dataset: use %s%s", quoted(args[0]), strings.Join(names, ", "), didYouMean(args[0], names))
			}
			var options []dataset.GetOption
			if from != "" {
				options = append(options, dataset.WithBaseURL(from))
			}
			line := newProgress()
			err := dataset.Get(cmd.Context(), args[0], "", func(done, total int64) {
				line.set("%s  %s  %.1f of %.1f MB", args[0], bar(done, total), float64(done)/1e6, float64(total)/1e6)
			}, options...)
			line.clear()
			if err != nil {
				return err
			}
			all, err := dataset.List("")
			if err != nil {
				return err
			}
			for _, d := range all {
				if d.Name == args[0] {
					return out.print(d, func(w io.Writer) { fmt.Fprintf(w, "%s is in %s\n", d.Name, oneLine(d.Dir)) })
				}
			}
			return fmt.Errorf("%s was downloaded, but is not in the cache folder", args[0])
		},
	}
	nameVar(cmd.Flags(), &from, "from", "", "", "base URL to download from instead of the official source")
	out.flags(cmd)
	return cmd
}

func dataInfoCommand() *cobra.Command {
	var out output
	var o dataset.Options
	cmd := &cobra.Command{
		Use:   "info NAME|DIR",
		Short: "Describe a dataset",
		Args:  exactly(1, "dataset or folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := knownData(args[0]); err != nil {
				return usagef("%s: %w", quoted(args[0]), err)
			}
			data, err := dataset.Open(cmd.Context(), args[0], o)
			if err != nil {
				return err
			}
			defer data.Close()
			info := data.Info()
			return out.print(info, func(w io.Writer) { dataTable(w, info) })
		},
	}
	corruptionFlags(cmd.Flags(), &o.Corruption, &o.Severity)
	labelsVar(cmd.Flags(), &o.Labels)
	out.flags(cmd)
	return cmd
}

func dataTable(w io.Writer, info dataset.Info) {
	fmt.Fprintf(w, "%s\t%s\n", oneLine(info.Name), info.Layout)
	if info.Dir != "" {
		fmt.Fprintf(w, "folder\t%s\n", oneLine(info.Dir))
	}
	for i, c := range info.Corruptions {
		title := "corruptions"
		if i > 0 {
			title = ""
		}
		fmt.Fprintf(w, "%s\t%s, severity %s\n", title, oneLine(c.Name), strings.Trim(fmt.Sprint(c.Severities), "[]"))
	}
	for _, note := range info.Notes {
		fmt.Fprintf(w, "note\t%s\n", note)
	}
	for _, s := range info.Splits {
		size := "various sizes"
		if s.Shape != nil {
			size = fmt.Sprintf("%d×%d, %s", s.Shape[2], s.Shape[1], kit.Counted(s.Shape[0], "channel"))
		}
		fmt.Fprintf(w, "%s\t%s, %s\n", s.Split, kit.Counted(s.Images, "image"), size)
		for i, n := range s.PerClass {
			fmt.Fprintf(w, "\t%6d  %s\n", n, oneLine(info.Classes[i]))
		}
	}
}
