package runlog

import (
	"math"
	"slices"

	"hfcui/ui/kit"
)

// PanelKind is one of the charts of the Train page, in the order in which they are shown.
type PanelKind int

const (
	PanelAccuracy PanelKind = iota
	PanelBands
	PanelLoss
	PanelLog     // events in words
	PanelImage   // predictions of checkpoints on an image
	PanelKernels // of a checkpoint, a picture
	PanelRoughness
	PanelRate
	PanelSpeed
	PanelCPU
	PanelMemory
	Panels
)

func (k PanelKind) String() string {
	return [...]string{"accuracy", "bands", "loss", "log", "image", "kernels", "roughness", "learning rate", "training throughput", "CPU", "memory"}[k]
}

// Shares reports whether values are fractions, drawn from 0 to 100 %.
func (k PanelKind) Shares() bool { return k == PanelAccuracy || k == PanelBands || k == PanelImage }

// Smooths reports whether the curves support smoothing.
func (k PanelKind) Smooths() bool { return k == PanelAccuracy || k == PanelBands || k == PanelLoss }

// Unit is the unit of the values of a chart that is not in percent; "" if they have none.
func (k PanelKind) Unit() string {
	return map[PanelKind]string{PanelSpeed: "images/s", PanelCPU: "cores", PanelMemory: "GB"}[k]
}

// Recorded names the values as they are in events.
func (k PanelKind) Recorded() string {
	if k.machine() {
		return k.String() + " use"
	}
	return k.String()
}

// Chart reports whether the panel has curves.
func (k PanelKind) Chart() bool { return k != PanelKernels && k != PanelLog }

// machine reports whether the values are the process's use of the machine.
func (k PanelKind) machine() bool { return k == PanelCPU || k == PanelMemory }

// logs reports whether the values support a logarithmic axis.
func (k PanelKind) logs() bool { return k == PanelLoss || k == PanelRate }

// Axis is the x axis of the charts.
type Axis int

const (
	axisEpoch Axis = iota
	axisStep
	axisMinutes
	Axes
)

func (a Axis) String() string { return [...]string{"epoch", "step", "minutes"}[a] }

// Smoothings are the decay rates of exponential moving averages.
var Smoothings = [...]float64{0, 0.6, 0.9, 0.97}

// FigureRequest is everything that determines a figure.
type FigureRequest struct {
	Version    int
	Columns    [Panels]int // of each panel's plot; 0: hidden
	Axis       Axis
	LogX, LogY bool
	Smooth     int     // index into Smoothings
	From, To   float64 // range of the axis; all if both are 0
	Cursor     float64 // position of values; negative: the newest
	Run        int     // selected run, or the group it is in
	Radius     int     // index; −1: all radii of the selected run
	Hidden     RunSet
	Pinned     RunSet // on top and colored; if there are any, others are gray
	Filter     string // regular expression; "": all runs
	Sort       string // a SortKey, or the key of a setting
	Reversed   bool
	Group      string // key of the setting by whose values runs are grouped; "": none
}

// Figure is the charts of the Train page, decimated to the resolution of the screen.
type Figure struct {
	Asked    FigureRequest
	From, To float64 // visible range of the axis
	Most     float64 // of the axis
	Panels   [Panels]PanelFigure
	Runs     []RunFacts // rows of the table
	All      int        // runs, also those that the filter does not match
	Selected int        // row of the selected run; −1 without runs
	Settings []Setting  // of all runs
	Log      []LogLine  // of the selected run
	LogOf    string     // that run, the first of a group
	Notes    []NoteMark
	Radii    []float64 // of the selected run
	BandsOf  string    // evaluation images of the bands
	imageOf  string    // image of the checkpoints' predictions
	ready    bool
}

// PanelFigure is a chart; points are fractions of its range, whose bounds are logarithms if it is
// logarithmic.
type PanelFigure struct {
	Lo, Hi float64
	log    bool
	Curves []CurveFigure
}

// Share returns the position of a value between lo and hi.
func (p PanelFigure) Share(v float64) float64 {
	lo, hi := p.Lo, p.Hi
	if p.log {
		lo, hi, v = math.Log(lo), math.Log(hi), math.Log(max(v, p.Lo/2))
	}
	return min(max((v-lo)/(hi-lo), -0.1), 1.1)
}

// Value is the inverse of Share.
func (p PanelFigure) Value(share float64) float64 {
	if p.log {
		return p.Lo * math.Pow(p.Hi/p.Lo, share)
	}
	return p.Lo + share*(p.Hi-p.Lo)
}

// Span returns the range as the span of a chart's axis.
func (p PanelFigure) Span() kit.Span {
	if p.log {
		return kit.Span{From: math.Log10(p.Lo), To: math.Log10(p.Hi), Log: true}
	}
	return kit.Span{From: p.Lo, To: p.Hi}
}

// OnSpan returns a value's position on Span.
func (p PanelFigure) OnSpan(v float64) float64 {
	if p.log {
		return math.Log10(max(v, p.Lo/2))
	}
	return v
}

// CurveFigure is a curve of a panel.
type CurveFigure struct {
	Row    int    // of the figure's runs
	Part   string // whole, low or high, of bands; of an image partLabel or partOther
	R      float64
	Train  bool // training accuracy
	Points []kit.Point
	Raw    []kit.Point // unsmoothed
	Value  float64     // at the cursor; NaN: none
	N      int         // runs that the curve is the mean of; 1: of one run
}

// MakeFigure computes a figure of runs with cached curves. It is called outside Update and View,
// never concurrently for the same CurveBook.
func (kept *CurveBook) MakeFigure(runs []runLog, q FigureRequest) Figure {
	f := Figure{Asked: q, All: len(runs), Selected: -1, Settings: settingsOf(runs), ready: true}
	for i, r := range arrange(runs, q) {
		f.Runs = append(f.Runs, r.facts)
		if slices.Contains(r.facts.Members, q.Run) {
			f.Selected = i
		}
	}
	if f.Selected < 0 && len(f.Runs) > 0 { // the selected run is filtered out
		f.Selected = 0
		f.Asked.Run = f.Runs[0].ID
	}
	f.setRange(runs)
	for k := range Panels {
		switch {
		case q.Columns[k] == 0 || len(f.Runs) == 0:
		case k == PanelLog:
			first := &runs[f.Runs[f.Selected].ID]
			f.Log, f.LogOf = first.log(q), first.Name
		default:
			f.fill(k, runs, kept)
		}
	}
	f.addNotes(runs)
	return f
}

// setRange sets the visible range of the axis.
func (f *Figure) setRange(runs []runLog) {
	q := f.Asked
	for _, r := range f.Runs {
		if r.Hidden {
			continue
		}
		for _, id := range r.Members {
			if last := runs[id].last(); last != nil {
				f.Most = max(f.Most, runs[id].x(last, q.Axis))
			}
		}
	}
	f.From, f.To = q.From, min(q.To, f.Most)
	if q.To <= q.From || f.To <= f.From {
		f.From, f.To = 0, f.Most
	}
	if f.To <= f.From {
		f.To = f.From + 1
	}
	if q.LogX && f.From <= 0 {
		f.From = min(f.firstX(runs), f.To/2)
	}
}

// firstX returns the smallest position above 0 of a logarithmic axis.
func (f *Figure) firstX(runs []runLog) float64 {
	first := math.Inf(1)
	for _, r := range f.Runs {
		if r.Hidden {
			continue
		}
		for _, id := range r.Members {
			for _, e := range runs[id].Events {
				if x := runs[id].x(e.At(), f.Asked.Axis); x > 0 {
					first = min(first, x)
					break
				}
			}
		}
	}
	return first
}

// Position returns the position of a value on the axis, as a fraction of the visible range.
func (f *Figure) Position(x float64) float64 {
	if f.Asked.LogX {
		return math.Log(max(x, f.From/10)/f.From) / math.Log(f.To/f.From)
	}
	return (x - f.From) / (f.To - f.From)
}

// At is the inverse of Position.
func (f *Figure) At(share float64) float64 {
	if f.Asked.LogX {
		return f.From * math.Pow(f.To/f.From, share)
	}
	return f.From + share*(f.To-f.From)
}
