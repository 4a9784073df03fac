package kit

import "slices"

// Action is what a key means, on every page and in every dialog. Bindings refer to actions and have
// no keys of their own, so that no key means two things.
type Action struct {
	Group   string
	Keys    []string // as of tea.KeyPressMsg.String
	Label   string   // the key in help and hints
	Meaning string   // what it does wherever it is bound
	Hint    string   // for the last line; "": not shown there
	Words   string   // other words by which the palette finds it
	rank    int      // of its hint; 0: usualRank
}

// Has reports whether a key is one of the action's.
func (a *Action) Has(key string) bool { return slices.Contains(a.Keys, key) }

// Acts are several actions.
type Acts []*Action

func (l Acts) has(key string) bool {
	return slices.ContainsFunc(l, func(a *Action) bool { return a.Has(key) })
}

// actions is the table, in the order of its rows below.
var actions []*Action

// Actions returns the table of all actions, in order.
func Actions() []*Action { return actions }

// ActionOf returns the action of a key; nil if there is none.
func ActionOf(key string) *Action {
	for _, a := range actions {
		if a.Has(key) {
			return a
		}
	}
	return nil
}

// keys are those of an action. The first is its label.
func keys(list ...string) []string { return list }

// typed reports whether a key is text where text is typed.
func typed(key string) bool { return key == "space" || len([]rune(key)) == 1 }

// row adds an action to the table. Words follow in any number.
func row(group string, keys []string, meaning, hint string, words ...string) *Action {
	a := &Action{Group: group, Keys: keys, Label: KeyLabel(keys[0]), Meaning: meaning, Hint: hint}
	for _, w := range words {
		a.Words += " " + w
	}
	actions = append(actions, a)
	return a
}

// KeyLabel is a key as help and hints write it.
func KeyLabel(key string) string {
	switch key {
	case "up":
		return "↑"
	case "down":
		return "↓"
	case "left":
		return "←"
	case "right":
		return "→"
	case "shift+up":
		return "⇧↑"
	case "shift+down":
		return "⇧↓"
	case "shift+left":
		return "⇧←"
	case "shift+right":
		return "⇧→"
	case "shift+tab":
		return "⇧tab"
	case "pgdown":
		return "pgdn"
	}
	return key
}

// usualRank is the rank of hints that have no other: 1 is for what is moved or must be seen, 2 for
// what the page is for, 3 for what every page has, 4 for the rest.
const usualRank = 4

// at sets the rank.
func (a *Action) at(rank int) *Action {
	a.rank = rank
	return a
}

// Groups of actions, as help lists them.
const (
	GroupMove     = "Cursor, slider, list"
	GroupRadius   = "Cutoff radius r"
	GroupImage    = "Image"
	GroupView     = "View"
	GroupModel    = "Model and data"
	GroupSettings = "Evaluation settings"
	GroupAttack   = "Perturbation"
	GroupRun      = "Measurements and runs"
	GroupProgram  = "Program"
)

// Groups lists the groups of actions.
var Groups = []string{GroupMove, GroupRadius, GroupImage, GroupView, GroupAttack, GroupRun, GroupModel, GroupSettings, GroupProgram}

// The page's cursor, slider or list.
var (
	Left      = row(GroupMove, keys("left", "h"), "move left: the page's slider or cursor", "").at(1)
	Right     = row(GroupMove, keys("right", "l"), "move right", "").at(1)
	Up        = row(GroupMove, keys("up", "k", "ctrl+k"), "move up: the page's list or cursor", "").at(1)
	Down      = row(GroupMove, keys("down", "j", "ctrl+j"), "move down", "").at(1)
	FarLeft   = row(GroupMove, keys("shift+left"), "move left by a large step", "")
	FarRight  = row(GroupMove, keys("shift+right"), "move right by a large step", "")
	FarUp     = row(GroupMove, keys("shift+up"), "move up by a large step", "")
	FarDown   = row(GroupMove, keys("shift+down"), "move down by a large step", "")
	PageUp    = row(GroupMove, keys("pgup"), "scroll up by a page", "")
	PageDown  = row(GroupMove, keys("pgdown"), "scroll down by a page", "")
	ToStart   = row(GroupMove, keys("home"), "move to the start", "")
	ToEnd     = row(GroupMove, keys("end"), "move to the end", "")
	Toggle    = row(GroupMove, keys("space"), "toggle the selected item", "toggle", "show", "hide")
	Accept    = row(GroupMove, keys("enter"), "accept a selection or dialog; resume a measurement", "accept", "apply", "ok").at(2)
	Back      = row(GroupMove, keys("esc"), "stop a measurement, close a dialog, go back", "back", "cancel", "abort").at(1)
	Filter    = row(GroupMove, keys("/"), "filter a list by text", "filter", "search", "find")
	EditValue = row(GroupMove, keys("e"), "enter the slider's value", "value", "type", "number")
)

// The cutoff radius, on every page that shows something at r.
var (
	RadiusDown     = row(GroupRadius, keys("<"), "decrease r by 1", "r", "cutoff", "radius", "blur", "low-pass")
	RadiusUp       = row(GroupRadius, keys(">"), "increase r by 1", "", "cutoff", "radius", "sharpen", "high-pass")
	RadiusFineDown = row(GroupRadius, keys(","), "decrease r by 0.1", "", "cutoff", "radius", "fine")
	RadiusFineUp   = row(GroupRadius, keys("."), "increase r by 0.1", "", "cutoff", "radius", "fine")
)

// The image, on every page that shows one.
var (
	NextImage     = row(GroupImage, keys("n"), "next image", "image", "example", "sample")
	PreviousImage = row(GroupImage, keys("p"), "previous image", "", "example", "sample")
	GoTo          = row(GroupImage, keys("g"), "go to: an image by number, a layer by name", "go to", "jump", "index", "find")
	FilterClass   = row(GroupImage, keys("c"), "filter by class", "class", "label", "category")
	NextFlip      = row(GroupImage, keys("f"), "next flip: correct on whole and high, misclassified on low", "flip", "wrong", "disagreement").at(2)
	PreviousFlip  = row(GroupImage, keys("F"), "previous flip", "")
	AllFlips      = row(GroupImage, keys("L"), "all flips: thumbnails, count vs r, by class", "all flips", "gallery", "grid", "count", "chance", "list")
)

// What is shown, and how.
var (
	NextView      = row(GroupView, keys("v"), "next view of the page", "view", "display", "show", "mode").at(2)
	Larger        = row(GroupView, keys("w"), "larger: fewer pictures or charts, or all", "larger", "zoom", "wide", "full screen")
	ZoomIn        = row(GroupView, keys("+", "="), "zoom in", "zoom", "magnify", "range")
	ZoomOut       = row(GroupView, keys("-"), "zoom out", "", "range")
	ZoomAll       = row(GroupView, keys("0"), "zoom: all", "", "reset", "fit")
	Decomposition = row(GroupView, keys("d"), "decomposition: Fourier, SVD", "Fourier/SVD", "fft", "singular values", "spectrum")
	XAxis         = row(GroupView, keys("X"), "quantity on the x axis", "x axis", "epoch", "step", "time")
	LogY          = row(GroupView, keys("y"), "y axis: linear, logarithmic", "log", "scale", "loss")
	LogX          = row(GroupView, keys("Y"), "x axis: linear, logarithmic", "", "scale")
	SmoothCurves  = row(GroupView, keys("z"), "curve smoothing: off, more", "smooth curves", "moving average", "ema", "noise")
)

// Models and data.
var (
	Compare   = row(GroupModel, keys("o"), "compare models", "compare", "comparison", "other", "add model", "versus", "side by side").at(2)
	Minus     = row(GroupModel, keys("V"), "differences from the open model: on, off", "differences", "difference", "delta", "minus", "subtract", "paired")
	NextModel = row(GroupModel, keys("i"), "next comparison model", "model", "switch", "other")
	ModelForm = row(GroupModel, keys("M"), "model settings: normalization, input, classes", "", "open model", "load", "checkpoint", "mean", "std", "onnx", "pytorch")
	Split     = row(GroupModel, keys("t"), "split: test, train", "split", "data", "validation", "evaluation set")
	Open      = row(GroupModel, keys("O"), "open: a model, data, an image, runs", "open", "load", "file", "dataset", "split", "photo", "folder")
	UseNewest = row(GroupModel, keys("u"), "use the run's newest checkpoint on every page: on, off", "use run", "follow", "live", "track")
	SaveModel = row(GroupModel, keys("ctrl+s"), "save a model: smoothed, or a run's checkpoint", "save", "write", "download", "store")
	Export    = row(GroupModel, keys("x"), "export the page", "export", "download", "csv", "json", "png", "svg", "save figure", "picture").at(3)
)

// Settings of evaluation, on every page.
var (
	Smooth     = row(GroupSettings, keys("s"), "kernel smoothing: on, off", "smooth", "blur", "ρ", "rho", "robustness", "kernels").at(3)
	LessRho    = row(GroupSettings, keys("["), "decrease smoothing ρ", "ρ", "rho", "kernel")
	MoreRho    = row(GroupSettings, keys("]"), "increase smoothing ρ", "ρ", "rho", "kernel", "blur")
	GainNorm   = row(GroupSettings, keys("G"), "gain-normalize smoothed kernels (÷ 1+8ρ): on, off", "gain", "divide", "scale")
	Normalize  = row(GroupSettings, keys("m"), "normalize band images: none, max, std", "norm", "contrast", "rescale", "stretch")
	Statistics = row(GroupSettings, keys("b"), "batch-norm statistics: running, batch", "bn", "batchnorm")
)

// Adversarial and Fourier perturbations.
var (
	NextMethod     = row(GroupAttack, keys("a"), "next attack method", "method", "pgd", "fgsm", "adversarial", "robustness").at(2)
	PreviousMethod = row(GroupAttack, keys("A"), "previous attack method", "", "adversarial")
	Weaker         = row(GroupAttack, keys("{"), "decrease the perturbation: ε, ν", "size", "epsilon", "norm", "budget", "strength")
	Stronger       = row(GroupAttack, keys("}"), "increase the perturbation: ε, ν", "", "epsilon", "norm", "budget", "strength")
	NextBand       = row(GroupAttack, keys("B"), "frequency band of the perturbation: all, low, high, ring", "band", "restrict", "low-pass", "high-pass")
	Clip           = row(GroupAttack, keys("C"), "clip pixels to [0,1]: on, off", "clip", "clamp", "range")
	EditSettings   = row(GroupAttack, keys("E"), "settings: norm, steps, restarts …", "settings", "options", "configure", "step size", "iterations")
)

// Runs and experiments.
var (
	Jobs      = row(GroupRun, keys("J"), "jobs: progress, ETA, stop", "jobs", "queue", "tasks", "progress", "background", "cancel").at(3)
	New       = row(GroupRun, keys("N"), "new run, or start the experiment", "new", "start", "train", "launch").at(1)
	Resume    = row(GroupRun, keys("R"), "resume the run or experiment", "resume", "continue", "restart").at(1)
	Pause     = row(GroupRun, keys("P"), "pause or resume the run", "pause", "wait", "hold").at(1)
	Stop      = row(GroupRun, keys("S"), "stop the run or experiment; it can be resumed", "stop", "end", "cancel", "kill").at(1)
	SortRuns  = row(GroupRun, keys("T"), "sort runs: by name, start, accuracy, loss or a setting", "sort", "order", "table", "best").at(2)
	GroupRuns = row(GroupRun, keys("K"), "group runs by a setting: mean and range", "group", "aggregate", "seeds", "mean", "average").at(2)
	PinRun    = row(GroupRun, keys("*"), "pin the run to the top, with a color", "pin", "star", "favorite", "color").at(2)
	Configs   = row(GroupRun, keys("D"), "compare configurations of runs", "configs", "settings", "hyperparameters", "diff", "differences").at(2)
	Annotate  = row(GroupRun, keys("I"), "add a note at the cursor's step", "note", "annotate", "comment", "mark", "remark").at(2)
)

// The program.
var (
	ToPage = [...]*Action{
		row(GroupProgram, keys("1"), "page 1", ""), row(GroupProgram, keys("2"), "page 2", ""), row(GroupProgram, keys("3"), "page 3", ""),
		row(GroupProgram, keys("4"), "page 4", ""), row(GroupProgram, keys("5"), "page 5", ""), row(GroupProgram, keys("6"), "page 6", ""),
		row(GroupProgram, keys("7"), "page 7", ""), row(GroupProgram, keys("8"), "page 8", ""), row(GroupProgram, keys("9"), "page 9", ""),
	}
	Next     = row(GroupProgram, keys("tab"), "next page; in a dialog: next row", "")
	Previous = row(GroupProgram, keys("shift+tab"), "previous page; in a dialog: previous row", "")
	Palette  = row(GroupProgram, keys(":", "ctrl+p"), "all commands", "commands", "palette", "search").at(3)
	Help     = row(GroupProgram, keys("?"), "help", "help", "keys", "manual", "words", "shortcuts")
	Follow   = row(GroupProgram, keys("ctrl+f"), "follow the presenter, or explore alone", "follow", "presenter", "alone", "audience").at(3)
	People   = row(GroupProgram, keys("@"), "audience: who is there, what viewers may do", "audience", "people", "viewers", "present", "allow").at(3)
	Quit     = row(GroupProgram, keys("q", "ctrl+c"), "quit; in help: close", "quit", "exit", "close", "leave", "bye")
	Redraw   = row(GroupProgram, keys("ctrl+l"), "redraw the screen, and ask the terminal again what it supports", "", "refresh", "repaint", "clear", "terminal")
	Suspend  = row(GroupProgram, keys("ctrl+z"), "suspend: back to the shell until fg", "", "background", "shell")
)
