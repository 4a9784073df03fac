package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hfcui/engine/attack"
	"hfcui/engine/lab"
)

func attackCommand() *cobra.Command {
	var o lab.Options
	var q lab.RobustnessRequest
	var out output
	cmd := &cobra.Command{
		Use:   "attack",
		Short: "Measure robust accuracy, with sanity checks of the attacks",
		Long: "Attacks the evaluation images by every method at every budget ε, with the kernels smoothed by every ρ, and reports " +
			"accuracy over all images with its 95 % Wilson CI. Pixels are in [0,1], before the model's own normalization; attacks " +
			"are untargeted, on the true labels; batch norm uses running statistics.\n\n" +
			"Methods:\n" + methodList() + "\n" +
			"Minimal methods search for each image's smallest ε; an image counts as correct if that exceeds the budget. Results that " +
			"fail a sanity check are marked and explained below the table: accuracy that rises with ε, zero gradients, and iterated " +
			"methods that FGSM, a transferred example or, with --square, a gradient-free attack outperforms.",
		Example: "hfcui attack --model resnet20.pt --data cifar10 -n 1000 --epsilon 0.03,0.06,0.09 --rho 0,0.25,1\n" +
			"hfcui attack --method pgd --epsilon 8/255 --steps 40 --random-start --restarts 5 --square --json",
		Args: exactly(0, "no arguments"),
	}
	modelFlags(cmd, &o)
	dataFlags(cmd, &o)
	deviceVar(cmd.Flags(), &o.Device)
	limitVar(cmd.Flags(), &q.Limit)
	finish := attackFlags(cmd, &q)
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := finish(); err != nil {
			return &usageError{err}
		}
		return runAttack(cmd, o, q, &out)
	}
	return cmd
}

// attackFlags adds the flags of the attacks. The returned function is called after parsing; its
// error is a usage error.
func attackFlags(cmd *cobra.Command, q *lab.RobustnessRequest) func() error {
	flags := cmd.Flags()
	q.Methods, q.Epsilons, q.Rhos = []string{attack.FGSMMethod, attack.PGDMethod}, []float64{0.03, 0.06, 0.09}, []float64{0}
	flags.Var((*methods)(&q.Methods), "method", "attack methods: "+strings.Join(knownMethods(), ", "))
	flags.Var((*values)(&q.Epsilons), "epsilon", "perturbation budgets ε, e.g. 0.03,8/255 or start:stop:step; pixels are in [0,1] (with --norm l2: 0.25,0.5,1)")
	flags.Var((*values)(&q.Rhos), "rho", "kernel smoothing ρ, 0 or more")
	layerFlags(flags, &q.Smoothing)

	var norm, part string
	var radius []float64
	choiceVar(flags, &norm, "norm", "norm of the perturbation", attack.LInf.String(), attack.L2.String())
	countVar(flags, &q.Steps, "steps", "", 0, 1, 100_000, "steps of gradient-based methods (default: "+defaultSteps()+")")
	countVar(flags, &q.Queries, "queries", "", 0, 1, 100_000, "queries per image of gradient-free methods (default: square 5000, --square 500)")
	flags.Var((*fraction)(&q.StepSize), "step-size", "step size of pgd (default 2.5·ε/steps), or of minimal-pgd at ε = 0.3 (default 0.01)")
	flags.BoolVar(&q.RandomStart, "random-start", false, "start at a random point of the ε-ball")
	countVar(flags, &q.Restarts, "restarts", "", 1, 1, 1000, "number of random restarts; each image's worst case counts")
	flags.Uint64Var(&q.Seed, "seed", 0, "seed of random starts and gradient-free methods")
	choiceVar(flags, &part, "band", "frequency band of the perturbation", "whole", attack.Low, attack.High, attack.Ring)
	radiiVar(flags, &radius, "radius of --band; inner,outer for a ring")
	flags.BoolVar(&q.Square, "square", false, "check iterated methods against the gradient-free Square attack, on the first images")
	return func() error {
		q.Norm, _ = attack.ParseNorm(norm)
		if q.Norm == attack.L2 && !flags.Changed("epsilon") {
			q.Epsilons = []float64{0.25, 0.5, 1} // usual budgets in L∞ are tiny in L2
		}
		if flags.Changed("step-size") && q.StepSize == 0 {
			return fmt.Errorf("--step-size 0: must be above 0")
		}
		var err error
		if q.Band, err = bandOf(part, radius); err != nil {
			return err
		}
		return q.Check()
	}
}

// bandOf returns the band of --band and -r.
func bandOf(part string, radius []float64) (attack.Band, error) {
	want := map[string]int{"whole": 0, attack.Ring: 2}
	n, ok := want[part]
	if !ok {
		n = 1
	}
	switch {
	case n == 0 && len(radius) > 0:
		return attack.Band{}, fmt.Errorf("-r requires --band low, high or ring")
	case n == 1 && len(radius) != 1:
		return attack.Band{}, fmt.Errorf("--band %s requires -r with one radius", part)
	case n == 2 && len(radius) != 2:
		return attack.Band{}, fmt.Errorf("--band %s requires -r with two radii, inner,outer", part)
	case n == 0:
		return attack.Band{}, nil
	case n == 1:
		return attack.Band{Part: part, R: radius[0]}, nil
	}
	return attack.Band{Part: part, R: radius[0], To: radius[1]}, nil
}

// knownMethods are the values of --method.
func knownMethods() []string { return append(slices.Clone(attack.Methods()), attack.Worst) }

// methodList describes the methods, one per line.
func methodList() string {
	var list strings.Builder
	for _, name := range attack.Methods() {
		fmt.Fprintf(&list, "  %-12s  %s\n", name, attack.Lookup(name).Description)
	}
	fmt.Fprintf(&list, "  %-12s  worst case of the other methods and of the original image\n", attack.Worst)
	return list.String()
}

// defaultSteps lists the default steps of gradient-based methods.
func defaultSteps() string {
	var list []string
	for _, name := range attack.Methods() {
		if m := attack.Lookup(name); m.Gradient && m.Steps > 0 {
			list = append(list, fmt.Sprintf("%s %d", name, m.Steps))
		}
	}
	return strings.Join(list, ", ")
}

// methods is a flag that takes a list of method names.
type methods []string

func (m *methods) Type() string   { return "LIST" }
func (m *methods) String() string { return strings.Join(*m, ",") }

func (m *methods) Set(s string) error {
	var list []string
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		if !slices.Contains(knownMethods(), word) {
			return fmt.Errorf("use %s%s", strings.Join(knownMethods(), ", "), didYouMean(word, knownMethods()))
		}
		if !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	*m = list
	return nil
}

// lastFigure writes the last result so far, without checks; "" if there is none.
func lastFigure(r attack.Robustness) string {
	for _, c := range slices.Backward(r.Cells) {
		if !c.Check && c.N > 0 {
			return fmt.Sprintf("%s at ε %s, ρ %s: %s", c.Method, plain(c.Epsilon), plain(c.Rho), percent(c.Score))
		}
	}
	return ""
}

func runAttack(cmd *cobra.Command, o lab.Options, q lab.RobustnessRequest, out *output) error {
	l, err := openScored(cmd, o)
	if err != nil {
		return err
	}
	defer l.Close()
	reading, err := checkModel(cmd.Context(), l)
	if err != nil {
		return err
	}
	line := newProgress()
	result, err := l.Robustness(cmd.Context(), q, func(r attack.Robustness) {
		line.set("%s  clean %s%s", bar(int64(1e6*r.Progress), 1e6), percent(r.Clean[0].Score), after(", ", lastFigure(r)))
	})
	line.clear()
	if err != nil {
		return err
	}
	report := attack.NewReport(o.Model, o.Data, l.Info().Split, q.Options, q.Smoothing, result)
	sayNote(l.Info().Note)
	return out.print(withReading(report, reading), func(w io.Writer) { attackTable(w, report, reading, result) })
}
