package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"hfcui/engine/attack"
	"hfcui/engine/lab"
	"hfcui/ui/kit"
)

// attackTable writes a row for every method and ε and a column for every ρ, with marks on
// results that fail a sanity check and their explanations below.
func attackTable(w io.Writer, r attack.Report, reading lab.Reading, result attack.Robustness) {
	fmt.Fprintf(w, "%s on %s (%s, %s), %s\n", oneLine(r.Model), oneLine(r.Data), r.Split, kit.Counted(r.N, "image"), oneLine(attackWords(r)))
	readingLines(w, reading)
	fmt.Fprintf(w, "\nmethod\tepsilon\tsteps")
	for _, c := range result.Clean {
		fmt.Fprintf(w, "\trho %s", plain(c.Rho))
	}
	fmt.Fprintf(w, "\nclean\t\t")
	for _, c := range result.Clean {
		fmt.Fprintf(w, "\t%s", percent(c.Score))
	}
	fmt.Fprintln(w)
	warnings := result.Warnings()
	for i, c := range result.Cells {
		if c.Rho != result.Clean[0].Rho || c.TransferFrom != nil {
			continue // in the row of the first ρ; transfer checks are not shown
		}
		method := c.Method
		if c.Check {
			method = fmt.Sprintf("%s, first %d", c.Method, c.N)
		}
		fmt.Fprintf(w, "%s\t%s\t%s", method, brief(c.Epsilon), stepsOf(c))
		for k := i; k < len(result.Cells); k++ {
			if d := result.Cells[k]; d.Method == c.Method && d.Epsilon == c.Epsilon && d.Check == c.Check && d.TransferFrom == nil {
				fmt.Fprintf(w, "\t%s%s", percent(d.Score), marksOf(warnings, k))
			}
		}
		fmt.Fprintln(w)
	}
	smallestRows(w, result)
	for i, line := range r.Warnings {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "†%d %s\n", i+1, line)
	}
}

// smallestRows writes the median smallest ε of every minimal method, a column for every ρ.
func smallestRows(w io.Writer, r attack.Robustness) {
	for i, s := range r.Smallest {
		if i%len(r.Clean) == 0 {
			fmt.Fprintf(w, "%s\tmedian\t", s.Method)
		}
		if math.IsInf(s.Median, 1) {
			fmt.Fprintf(w, "\t  none for half of %d", s.N)
		} else {
			fmt.Fprintf(w, "\t  %.4f of %d", s.Median, s.N)
		}
		if (i+1)%len(r.Clean) == 0 {
			fmt.Fprintln(w)
		}
	}
}

// stepsOf formats the steps and the step size of an attack: "10 × 0.0075".
func stepsOf(c attack.Cell) string {
	switch {
	case c.Steps == 0:
		return ""
	case c.StepSize == 0:
		return fmt.Sprint(c.Steps)
	}
	return fmt.Sprintf("%d × %s", c.Steps, brief(c.StepSize))
}

// marksOf formats the numbers of the warnings about a result: " †1,3".
func marksOf(warnings []attack.Warning, cell int) string {
	var numbers []string
	for i, w := range warnings {
		if slices.Contains(w.Cells, cell) {
			numbers = append(numbers, fmt.Sprint(i+1))
		}
	}
	return after(" †", strings.Join(numbers, ","))
}

// attackWords describes the options of the attacks.
func attackWords(r attack.Report) string {
	words := []string{map[attack.Norm]string{attack.LInf: "L∞", attack.L2: "L2"}[r.Norm]}
	if r.RandomStart {
		words = append(words, fmt.Sprintf("random start (seed %d)", r.Seed))
	}
	if r.Restarts > 1 {
		words = append(words, fmt.Sprintf("worst case of %d restarts", r.Restarts))
	}
	if b := r.Band; b != nil {
		words = append(words, map[string]string{
			attack.Low:  fmt.Sprintf("frequencies r < %s", plain(b.R)),
			attack.High: fmt.Sprintf("frequencies r ≥ %s", plain(b.R)),
			attack.Ring: fmt.Sprintf("frequencies %s ≤ r < %s", plain(b.R), plain(b.To)),
		}[b.Part])
	}
	if r.Layer != "" {
		words = append(words, "smoothed: "+r.Layer)
	}
	if r.GainDivided {
		words = append(words, "gain-normalized")
	}
	return strings.Join(words, ", ")
}
