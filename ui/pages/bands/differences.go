package bands

import (
	"maps"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/ui/session"
)

// differencesRequest is what determines the differences of the comparison models from the open one.
type differencesRequest struct {
	open  bandsKey
	n     int                               // its images
	other [session.MostComparisons]bandsKey // of the first count
	ns    [session.MostComparisons]int
	count int

	version int // of the models
}

// differences are those of the comparison models' accuracies from the open one's, on the images that
// both were evaluated on.
type differences struct {
	asked  differencesRequest
	models map[string]bands.Difference // by path
}

// subtract requests the differences of the curves there are.
func (p *Page) subtract() tea.Cmd {
	if !p.compared() {
		return nil
	}
	now, _ := p.key("")
	q := differencesRequest{open: now, n: p.curves.Known[now].Whole.N, version: p.version}
	for _, m := range p.session.Comparisons {
		k, _ := p.key(m.Path)
		if r := p.curves.Known[k]; r.Whole.N > 0 && q.n > 0 {
			q.other[q.count], q.ns[q.count] = k, r.Whole.N
			q.count++
		}
	}
	if q.count == 0 {
		return nil
	}
	return p.asks.Start(q, p.compute)
}

func (p *Page) compute(q differencesRequest) tea.Cmd {
	open := p.curves.Known[q.open]
	var others [session.MostComparisons]bands.Result
	for i, k := range q.other[:q.count] {
		others[i] = p.curves.Known[k]
	}
	return p.screen.Task(func() tea.Msg {
		d := differences{q, map[string]bands.Difference{}}
		for i, k := range q.other[:q.count] {
			d.models[k.model] = bands.Subtract(others[i], open)
		}
		return d
	})
}

// difference returns that of a comparison model; without pairs if there is none yet.
func (p *Page) difference(path string) bands.Difference {
	if now, _ := p.key(""); p.differ.asked.open != now || p.differ.asked.version != p.version {
		return bands.Difference{}
	}
	return p.differ.models[path]
}

// forget drops the curves of models that are not compared any more, whose files may change, and all
// differences.
func (p *Page) forget() {
	p.version++
	maps.DeleteFunc(p.curves.Known, func(k bandsKey, _ bands.Result) bool {
		_, ok := p.session.Model(k.model)
		return !ok
	})
}
