package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"hfcui/engine/measure"
)

// output prints a command's result, as one JSON document or as a table.
type output struct{ json bool }

func (o *output) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.json, "json", false, "print one JSON document with floats in full precision")
}

// print writes document as JSON, or the tab-separated columns of table, aligned, in one write.
func (o *output) print(document any, table func(w io.Writer)) error {
	var b bytes.Buffer
	if o.json {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(document); err != nil {
			return fmt.Errorf("encoding the result as JSON: %w", err)
		}
	} else {
		t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		table(t)
		t.Flush()
	}
	if _, err := os.Stdout.Write(b.Bytes()); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// percent formats a score with its 95 % CI: "91.20 % (90.63–91.74)".
func percent(s measure.Score) string {
	if s.N == 0 {
		return "–"
	}
	lo, hi := s.Wilson()
	return fmt.Sprintf("%6.2f %% (%.2f–%.2f)", 100*s.Accuracy(), 100*lo, 100*hi)
}

// sortedKeys returns the keys of m in order.
func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// plain formats a number with the fewest digits that identify it.
func plain(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// brief formats a number to four significant digits, for tables: 8/255 is 0.03137.
func brief(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
