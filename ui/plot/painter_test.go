package plot

import (
	"testing"

	"hfcui/ui/kit"
	"hfcui/ui/picture"
)

// curves is a chart of the Bands page's kind with its cursor at r.
func curves(w, h int, r float64) *kit.Chart {
	ch := kit.NewChart(kit.NewRect(5, 3, w, h), 23, 1)
	th := kit.DarkTheme
	ch.ShareGrid(th)
	ch.Cursor(r, th.Focus)
	low, high := kit.Series{Line: th.Low, Shade: th.LowShade, Mark: kit.MarkLow}, kit.Series{Line: th.High, Shade: th.HighShade, Mark: kit.MarkHigh}
	for i := range 24 {
		y := 0.1 + 0.8*float64(i)/23
		low.Points = append(low.Points, kit.Point{X: float64(i), Y: y, Lo: y - 0.04, Hi: y + 0.03})
		high.Points = append(high.Points, kit.Point{X: float64(i), Y: 1 - y, Lo: 0.96 - y, Hi: 1.02 - y})
	}
	ch.Draw(high, false)
	ch.Draw(low, false)
	return ch
}

func job(w, h int, r float64, plain bool) Job {
	return Job{curves(w, h, r), Look{RenderSpec: kit.RenderSpec{Cell: kit.CellSize{W: 9, H: 18}, Protocol: picture.Sixel, Registers: 256, Dark: true}, Plain: plain}, 6}
}

// Tiles fill the plot, and only those with the cursor change when it moves.
func TestTiles(t *testing.T) {
	var p Painter
	a, b := job(100, 20, 3, false), job(100, 20, 4, false)
	first, second := p.Paint([]Job{a})[a.Key()], p.Paint([]Job{b})[b.Key()]
	x, changed := 5, 0
	for i, tile := range first {
		if tile.At.X != x || tile.At.Y != 3 || tile.At.H != 20 {
			t.Errorf("tile %d is at %+v, not at column %d", i, tile.At, x)
		}
		x = tile.At.Right()
		if second[i].Drawn.ID != tile.Drawn.ID {
			changed++
		}
	}
	if x != 105 || changed < 1 || changed > 2 {
		t.Errorf("tiles end at column %d, %d changed", x, changed)
	}
	if other := p.Paint([]Job{a})[a.Key()]; other[0].Drawn.ID != first[0].Drawn.ID || other[3].Drawn.ID != first[3].Drawn.ID {
		t.Error("the first chart again looks different")
	}
	plain := job(100, 20, 3, true)
	if drawn := p.Paint([]Job{plain})[plain.Key()]; drawn[3].Drawn.ID == first[3].Drawn.ID {
		t.Error("without colors it looks the same")
	}
}

func benchmark(b *testing.B, next func(i int) Job) {
	var p Painter
	i := 0
	for b.Loop() {
		p.Paint([]Job{next(i)})
		i++
	}
}

// BenchmarkCursor moves the cursor; BenchmarkData changes the curves.
func BenchmarkCursor(b *testing.B) {
	benchmark(b, func(i int) Job { return job(125, 33, float64(i%23), false) })
}

func BenchmarkData(b *testing.B) {
	benchmark(b, func(i int) Job {
		j := job(125, 33, 3, false)
		j.Chart.Curves[0].Points[0].Y = float64(i%10) / 10
		return j
	})
}
