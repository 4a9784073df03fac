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
		Short: "Measure accuracy under attack, and whether the figures make sense",
		Long: "Attacks images by every method at every ε, with the kernels smoothed by every ρ, and counts what the model " +
			"still gets right, over all images, each figure with its 95 % Wilson interval. ε is in pixels from 0 to 1, before the " +
			"model's own normalization; labels are the true ones; batch-norm uses running statistics.\n\n" +
			"Methods minimal-fgsm and minimal-pgd search every image's smallest ε; their figures are of the images that need more. " +
			"Method worst counts images that are right as they are and after all other methods. Figures that fail a check of " +
			"sanity are marked, and what is the matter is said below: accuracy that rises with ε, gradients that are zero, " +
			"iterated methods that FGSM, or with --square an attack without gradients, does better than.",
		Example: "hfcui attack --model resnet20.pt --data cifar10 -n 1000 --epsilon 0.03,0.06,0.09 --rho 0,0.25,1\n" +
			"hfcui attack --method pgd --epsilon 8/255 --steps 40 --random-start --restarts 5 --square --json",
		Args: exactly(0, "no argumentss"),
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

// attackFlags adds what is done to the images and to the model. What it returns is to be
// called once the command line is read; its error is one of usage.
func attackFlags(cmd *cobra.Command, q *lab.RobustnessRequest) func() error {
	flags := cmd.Flags()
	q.Methods, q.Epsilons, q.Rhos = []string{attack.FGSMMethod, attack.PGDMethod}, []float64{0.03, 0.06, 0.09}, []float64{0}
	flags.Var((*methods)(&q.Methods), "method", "methods: "+strings.Join(knownMethods(), ", "))
	flags.Var((*values)(&q.Epsilons), "epsilon", "sizes of the perturbation: 0.03,8/255 or start:stop:step, pixels being 0 to 1; of l2 0.25,0.5,1 if not given")
	flags.Var((*values)(&q.Rhos), "rho", "smooth kernels by each ρ, 0 or more")
	layerFlags(flags, &q.Smoothing)

	var norm, part string
	var radius []float64
	choiceVar(flags, &norm, "norm", "what ε is of the perturbation: its largest value, or its Euclidean length", attack.LInf.String(), attack.L2.String())
	countVar(flags, &q.Steps, "steps", "", 0, 1, 100_000, "steps of iterated methods (default 10 of pgd, 100 of apgd, 40 of minimal-pgd)")
	countVar(flags, &q.Queries, "queries", "", 0, 1, 100_000, "how often square asks about an image (default 5000, of --square 500)")
	flags.Var((*fraction)(&q.StepSize), "step-size", "how far a step of pgd goes (default 2.5·ε/steps), or of minimal-pgd at ε 0.3 (default 0.01)")
	flags.BoolVar(&q.RandomStart, "random-start", false, "start anywhere in the ball instead of at the image")
	countVar(flags, &q.Restarts, "restarts", "", 1, 1, 1000, "runs from different starts, each image's worst being kept")
	flags.Uint64Var(&q.Seed, "seed", 0, "what random starts are determined by")
	choiceVar(flags, &part, "band", "frequencies the perturbation may have", "whole", attack.Low, attack.High, attack.Ring)
	radiiVar(flags, &radius, "radius of --band; for a ring from,to")
	flags.BoolVar(&q.Square, "square", false, "hold iterated methods against the Square attack, on the first images")
	return func() error {
		q.Norm, _ = attack.ParseNorm(norm)
		if q.Norm == attack.L2 && !flags.Changed("epsilon") {
			q.Epsilons = []float64{0.25, 0.5, 1} // what is large in a pixel is next to nothing in length
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

// bandOf is the band that --band and -r name.
func bandOf(part string, radius []float64) (attack.Band, error) {
	want := map[string]int{"whole": 0, attack.Ring: 2}
	n, ok := want[part]
	if !ok {
		n = 1
	}
	switch {
	case n == 0 && len(radius) > 0:
		return attack.Band{}, fmt.Errorf("-r needs --band: low, high or ring")
	case n == 1 && len(radius) != 1:
		return attack.Band{}, fmt.Errorf("--band %s needs -r with one radius", part)
	case n == 2 && len(radius) != 2:
		return attack.Band{}, fmt.Errorf("--band %s needs -r with two radii, from,to", part)
	case n == 0:
		return attack.Band{}, nil
	case n == 1:
		return attack.Band{Part: part, R: radius[0]}, nil
	}
	return attack.Band{Part: part, R: radius[0], To: radius[1]}, nil
}

// knownMethods are those that --method takes.
func knownMethods() []string { return append(slices.Clone(attack.Methods()), attack.Worst) }

// methods is a flag that takes names of attacks.
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

// lastFigure writes the last figure that was asked for, as far as it goes; "" before there is
// one.
func lastFigure(r attack.Robustness) string {
	for _, c := range slices.Backward(r.Cells) {
		if !c.Check && c.N > 0 {
			return fmt.Sprintf("%s at ε %s, ρ %s: %s", c.Method, plain(c.Epsilon), plain(c.Rho), percent(c.Score))
		}
	}
	return ""
}

func runAttack(cmd *cobra.Command, o lab.Options, q lab.RobustnessRequest, out *output) error {
	l, err := lab.Open(cmd.Context(), o)
	if err != nil {
		return err
	}
	defer l.Close()
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
	return out.print(report, func(w io.Writer) { attackTable(w, report, result) })
}
