package runlog

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"hfcui/ui/kit"
)

// The quantities by which runs are sorted, besides the settings of their configurations.
const (
	SortOpened   = "" // as opened
	SortName     = "name"
	SortStart    = "start"
	SortBest     = "best accuracy"
	SortAccuracy = "last accuracy"
	SortLoss     = "last loss"
	SortEpoch    = "epoch"
)

// SortKeys lists them.
func SortKeys() []string {
	return []string{SortOpened, SortName, SortStart, SortBest, SortAccuracy, SortLoss, SortEpoch}
}

// CompileFilter compiles the filter of runs by a regular expression, which ignores case unless it has
// capitals; nil for "".
func CompileFilter(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	if strings.IndexFunc(text, unicode.IsUpper) < 0 {
		text = "(?i)" + text
	}
	return regexp.Compile(text)
}

// matches reports whether a run's name or one of its settings, as "key=value", match.
func (l *runLog) matches(re *regexp.Regexp) bool {
	if re == nil || re.MatchString(l.Name) {
		return true
	}
	for key, value := range l.settings {
		if re.MatchString(key + "=" + value) {
			return true
		}
	}
	return false
}

// row is a line of the table: a run, or a group of them.
type row struct {
	name  string // of a group
	ids   []int
	facts RunFacts
}

// arrange returns the rows of a figure: the runs that the filter matches, grouped, colored and
// sorted, with pinned ones first.
func arrange(runs []runLog, q FigureRequest) []row {
	re, err := CompileFilter(q.Filter)
	if err != nil {
		re = nil // the dialog says what is wrong
	}
	var rows []row
	groups := map[string]int{}
	for i := range runs {
		if !runs[i].matches(re) {
			continue
		}
		if q.Group == "" {
			rows = append(rows, row{ids: []int{i}})
			continue
		}
		value, ok := runs[i].settings[q.Group]
		if !ok {
			value = "–"
		}
		at, ok := groups[value]
		if !ok {
			at = len(rows)
			groups[value] = at
			rows = append(rows, row{name: q.Group + " " + value})
		}
		rows[at].ids = append(rows[at].ids, i)
	}
	colors := 0
	for i := range rows {
		r := &rows[i]
		r.facts = rowFacts(runs, r, q)
		switch f := &r.facts; {
		case q.Pinned != "" && !f.Pinned:
			f.Color = Uncolored
		case q.Pinned == "" && q.Group == "":
			f.Color = f.ID // stays the same under any filter
		default:
			f.Color = colors
			colors++
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		if a.facts.Pinned != b.facts.Pinned {
			return map[bool]int{true: -1, false: 1}[a.facts.Pinned]
		}
		return compareFacts(&a.facts, &b.facts, q)
	})
	return rows
}

// rowFacts returns the line of a row.
func rowFacts(runs []runLog, r *row, q FigureRequest) RunFacts {
	list := make([]RunFacts, len(r.ids))
	for k, id := range r.ids {
		f := factsOf(&runs[id], q)
		f.ID, f.Pinned, f.Hidden = id, q.Pinned.Has(id), q.Hidden.Has(id)
		list[k] = f
	}
	if r.name == "" {
		list[0].Members = r.ids
		return list[0]
	}
	return groupFacts(list, kit.Clean(r.name), r.ids)
}

// groupFacts merges the lines of a group's runs: means, and the range of test accuracies. What is of a
// single run is that of the first.
func groupFacts(list []RunFacts, name string, ids []int) RunFacts {
	f := list[0]
	f.Name, f.Members, f.Grouped = name, ids, true
	f.Test, f.Train, f.Left = nil, nil, 0
	f.Loss, f.Rate, f.Speed = meanOf(list, func(r *RunFacts) float64 { return r.Loss }), meanOf(list, func(r *RunFacts) float64 { return r.Rate }), meanOf(list, func(r *RunFacts) float64 { return r.Speed })
	f.Accuracy, f.TrainAccuracy = meanOf(list, func(r *RunFacts) float64 { return r.Accuracy }), meanOf(list, func(r *RunFacts) float64 { return r.TrainAccuracy })
	f.Lo, f.Hi = math.Inf(1), math.Inf(-1)
	f.Status, f.Late = kit.Counted(len(list), "run"), false
	f.Settings = map[string]string{}
	for i := range list {
		r := &list[i]
		f.Begun, f.Pinned, f.Hidden = f.Begun || r.Begun, f.Pinned || r.Pinned, f.Hidden && r.Hidden
		f.Epoch, f.Epochs, f.Step = max(f.Epoch, r.Epoch), max(f.Epochs, r.Epochs), max(f.Step, r.Step)
		if r.What != f.What {
			f.What = ""
		}
		if r.Accuracy == r.Accuracy {
			f.Lo, f.Hi = min(f.Lo, r.Accuracy), max(f.Hi, r.Accuracy)
		}
		if r.Best > f.Best || f.Best != f.Best {
			f.Best = r.Best
		}
		for key, value := range r.Settings {
			if now, ok := f.Settings[key]; ok && now != value {
				value = "varies"
			}
			f.Settings[key] = value
		}
	}
	return f
}

// meanOf returns the mean of the values that are known; NaN without any.
func meanOf(list []RunFacts, value func(*RunFacts) float64) float64 {
	sum, n := 0.0, 0
	for i := range list {
		if v := value(&list[i]); v == v {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}

// compareFacts orders two rows. Accuracies are sorted from the highest and starts from the newest,
// other values from the smallest; unknown values come last.
func compareFacts(a, b *RunFacts, q FigureRequest) int {
	c, last := 0, 0
	number := func(x, y float64) {
		switch {
		case x != x || y != y:
			last = cmp.Compare(boolInt(x != x), boolInt(y != y))
		default:
			c = cmp.Compare(x, y)
		}
	}
	switch q.Sort {
	case SortOpened:
		c = cmp.Compare(a.ID, b.ID)
	case SortName:
		c = naturalCompare(a.Name, b.Name)
	case SortStart:
		number(-startOf(a), -startOf(b))
	case SortBest:
		number(-a.Best, -b.Best)
	case SortAccuracy:
		number(-a.Accuracy, -b.Accuracy)
	case SortLoss:
		number(a.Loss, b.Loss)
	case SortEpoch:
		number(-float64(a.Epoch), -float64(b.Epoch))
	default:
		x, xok := a.Settings[q.Sort]
		y, yok := b.Settings[q.Sort]
		if last = cmp.Compare(boolInt(!xok), boolInt(!yok)); xok && yok {
			c = naturalCompare(x, y)
		}
	}
	if last != 0 {
		return last
	}
	if q.Reversed {
		c = -c
	}
	return c
}

func startOf(f *RunFacts) float64 {
	if f.BegunAt == 0 {
		return math.NaN()
	}
	return float64(f.BegunAt)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// naturalCompare compares texts with numbers in them by their values: seed2 before seed10.
func naturalCompare(a, b string) int {
	if x, err := strconv.ParseFloat(a, 64); err == nil {
		if y, err := strconv.ParseFloat(b, 64); err == nil {
			return cmp.Compare(x, y)
		}
	}
	digits := func(s string) int {
		n := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
		if n < 0 {
			return len(s)
		}
		return n
	}
	for a != "" && b != "" {
		n, m := digits(a), digits(b)
		if n > 0 && m > 0 {
			x, y := strings.TrimLeft(a[:n], "0"), strings.TrimLeft(b[:m], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[n:], b[m:]
			continue
		}
		if c := cmp.Compare(a[0], b[0]); c != 0 {
			return c
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// Setting is a key of configurations.
type Setting struct {
	Key    string
	Varies bool // runs have different values
}

// settingsOf lists the keys of all runs' configurations, those that vary first.
func settingsOf(runs []runLog) []Setting {
	first, count := map[string]string{}, map[string]int{}
	varies := map[string]bool{}
	n := 0
	for i := range runs {
		if runs[i].settings == nil {
			continue
		}
		n++
		for key, value := range runs[i].settings {
			if before, ok := first[key]; ok {
				varies[key] = varies[key] || before != value
			} else {
				first[key] = value
			}
			count[key]++
		}
	}
	var list []Setting
	for key := range first {
		list = append(list, Setting{key, varies[key] || count[key] < n})
	}
	slices.SortFunc(list, func(a, b Setting) int {
		return cmp.Or(cmp.Compare(boolInt(!a.Varies), boolInt(!b.Varies)), cmp.Compare(a.Key, b.Key))
	})
	return list
}
