package experiment

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ReportDir is the report's folder inside an experiment's.
const ReportDir = "report"

// Summary is the results of an experiment, as in results.json.
type Summary struct {
	Name     string     `json:"name"`
	Size     Size       `json:"size"`
	Data     string     `json:"data"`
	Seeds    []uint64   `json:"seeds"`
	Report   string     `json:"report,omitempty"` // path of report.md
	Interval string     `json:"interval"`
	Tables   []Results  `json:"tables"`
	Criteria []Finding  `json:"criteria"`
	Diverged []Diverged `json:"diverged,omitempty"`
	Runs     []RunRef   `json:"runs,omitempty"`
}

// RunRef is a run that a report is computed from.
type RunRef struct {
	Setting string `json:"setting"`
	Seed    uint64 `json:"seed"`
	Weights string `json:"weights"` // SHA-256 of its model.safetensors; "" where it diverged
}

// Results are a table's numbers.
type Results struct {
	Title string `json:"title"`
	Cells []Cell `json:"cells"`
}

// Cell is a quantity of a setting, estimated over seeds.
type Cell struct {
	Setting string   `json:"setting"`
	Column  string   `json:"column"`
	Mean    *float64 `json:"mean"` // null if no run has it
	Half    *float64 `json:"half"` // of the interval; null for fewer than two seeds
	N       int      `json:"n"`    // seeds
	Paper   string   `json:"paper,omitempty"`
	Marks   []string `json:"marks,omitempty"` // failed sanity checks, seed by seed
}

// Finding is the outcome of a criterion.
type Finding struct {
	Criterion string        `json:"criterion"`
	Verdict   Verdict       `json:"verdict"`
	Parts     []PartVerdict `json:"parts"`
}

// PartVerdict is the outcome of a part of a criterion.
type PartVerdict struct {
	Text    string   `json:"text"`
	Mean    *float64 `json:"mean"`
	Half    *float64 `json:"half"`
	N       int      `json:"n"`
	Verdict Verdict  `json:"verdict"`
}

// Diverged is a run without results.
type Diverged struct {
	Setting string `json:"setting"`
	Seed    uint64 `json:"seed"`
	Error   string `json:"error"`
}

// interval is what ± means.
const interval = "Student's t, 95 %, over seeds"

// Summarize computes the contents of a report.
func Summarize(p Plan, g Grid) Summary {
	s := Summary{Name: p.Name, Size: p.Size, Data: p.data(), Seeds: p.Seeds, Interval: interval}
	for _, t := range p.Tables {
		results := Results{Title: t.Title}
		for _, row := range t.rows(p.Settings) {
			for _, column := range row.Columns {
				e := g.of(p.Seeds, row.Setting, column.Of)
				mean, half := e.numbers()
				results.Cells = append(results.Cells, Cell{row.Title, column.Title, mean, half, e.N, column.Paper[row.Setting], column.marks(g, p.Seeds, row.Setting)})
			}
		}
		s.Tables = append(s.Tables, results)
	}
	for _, c := range p.Criteria {
		s.Criteria = append(s.Criteria, c.decide(p.Seeds, g))
	}
	for _, r := range g {
		s.Runs = append(s.Runs, RunRef{r.Setting, r.Seed, r.Weights})
		if r.Diverged != "" {
			s.Diverged = append(s.Diverged, Diverged{r.Setting, r.Seed, r.Diverged})
		}
	}
	return s
}

// marks are the failed sanity checks of a column's value for a setting.
func (c Column) marks(g Grid, seeds []uint64, setting string) []string {
	if c.Marks == nil {
		return nil
	}
	var list []string
	for _, seed := range seeds {
		for _, text := range c.Marks(g.find(setting, seed)) {
			list = append(list, fmt.Sprintf("seed %d: %s", seed, text))
		}
	}
	return list
}

// Marked lists the values that fail a sanity check, one per line.
func (s Summary) Marked() []string {
	var lines []string
	for _, t := range s.Tables {
		table, _, _ := strings.Cut(t.Title, ":")
		for _, c := range t.Cells {
			if len(c.Marks) > 0 {
				lines = append(lines, fmt.Sprintf("%s, %s, %s: %s", table, c.Setting, c.Column, strings.Join(c.Marks, "; ")))
			}
		}
	}
	return lines
}

// of estimates a quantity of one setting.
func (g Grid) of(seeds []uint64, setting string, q Quantity) Estimate {
	return g.over(seeds, func(s BySeed) float64 { return q(s(setting)) })
}

func (c Criterion) decide(seeds []uint64, g Grid) Finding {
	f := Finding{Criterion: c.Text}
	var verdicts []Verdict
	for _, part := range c.Parts {
		e := g.over(seeds, part.Of)
		v := part.Rule.judge(e, len(seeds))
		mean, half := e.numbers()
		f.Parts = append(f.Parts, PartVerdict{part.Text, mean, half, e.N, v})
		verdicts = append(verdicts, v)
	}
	f.Verdict = together(verdicts)
	return f
}

// numbers returns the estimate for JSON, which has no NaN or ∞: nil.
func (e Estimate) numbers() (mean, half *float64) {
	finite := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	return finite(e.Mean), finite(e.Half)
}

// Report writes the report folder of an experiment in dir.
func Report(dir string, p Plan, g Grid) (Summary, error) {
	s := Summarize(p, g)
	to := filepath.Join(dir, ReportDir)
	if err := os.MkdirAll(to, 0o755); err != nil {
		return s, fmt.Errorf("report: %w", err)
	}
	for _, f := range p.Figures {
		if err := f.draw(to, p, g); err != nil {
			return s, fmt.Errorf("figure %s: %w", f.File, err)
		}
	}
	configuration, err := p.document()
	if err != nil {
		return s, err
	}
	numbers, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return s, err
	}
	for name, text := range map[string][]byte{PlanFile: configuration, "results.json": append(numbers, '\n'), "report.md": []byte(markdown(p, s))} {
		if err := write(filepath.Join(to, name), text); err != nil {
			return s, err
		}
	}
	s.Report = filepath.Join(to, "report.md")
	return s, nil
}

// markdown is report.md.
func markdown(p Plan, s Summary) string {
	var w strings.Builder
	fmt.Fprintf(&w, "# %s: %s\n\n", p.Name, p.About)
	fmt.Fprintf(&w, "Size %s, data `%s`, %d settings, seeds %s. Numbers are means ± half the interval (%s)%s. Everything that determines the numbers is in [%s](%s).\n\n",
		p.Size, s.Data, len(p.Settings), seedList(p.Seeds), interval, tagged(p), PlanFile, PlanFile)
	for _, note := range p.Notes {
		fmt.Fprintf(&w, "- %s\n", note)
	}
	if p.Test > 0 {
		fmt.Fprintf(&w, "- Test images are the first %d.\n", p.Test)
	}
	w.WriteString("\n## Settings\n\n| setting | net | images | epochs | batch | optimizer, rate, schedule | init | trained on |\n|---|---|---|---|---|---|---|---|\n")
	for _, setting := range p.Settings {
		w.WriteString(setting.row())
	}
	writeVerdicts(&w, s)
	for i, t := range p.Tables {
		writeTable(&w, p, t, s.Tables[i])
	}
	if marked := s.Marked(); len(marked) > 0 {
		fmt.Fprintf(&w, "\n## Failed sanity checks\n\nThe values are marked %s above and are not reliable.\n\n", markedSign)
		for _, line := range marked {
			fmt.Fprintf(&w, "- %s\n", line)
		}
	}
	if len(p.Figures) > 0 {
		w.WriteString("\n## Figures\n")
	}
	for _, f := range p.Figures {
		format := "svg"
		if f.Draw != nil {
			format = "png"
		}
		fmt.Fprintf(&w, "\n![%s](%s.%s)\n", f.Title, f.File, format)
	}
	if len(s.Diverged) > 0 {
		w.WriteString("\n## Runs that diverged\n\nThey have no results, and criteria that involve them are inconclusive.\n\n")
		for _, d := range s.Diverged {
			fmt.Fprintf(&w, "- %s, seed %d: %s\n", d.Setting, d.Seed, d.Error)
		}
	}
	return w.String()
}

// row is the setting's row in the table of settings.
func (s Setting) row() string {
	c := s.Config
	images, on := "all", c.Input
	if c.Limit > 0 {
		images = strconv.Itoa(c.Limit)
	}
	if c.Radius > 0 {
		on += " r=" + number(c.Radius)
	}
	on += ", normalization " + c.Normalize
	if c.ShuffleLabels {
		on += ", labels shuffled"
	}
	for _, extra := range s.extras() {
		on += ", " + extra
	}
	return fmt.Sprintf("| %s | %s | %s | %d | %d | %s, %s, %s | %s | %s |\n",
		s.Name, c.Net, images, c.Epochs, c.Batch, c.Optimizer.Name, number(c.LearningRate), c.Schedule, c.Init, on)
}

func writeVerdicts(w *strings.Builder, s Summary) {
	w.WriteString("\n## Criteria\n\nA part is supported if the entire 95 % CI of its quantity, paired by seed, lies in the criterion's range, not supported if it lies outside, and inconclusive otherwise or if a seed has no value. A criterion is supported if all its parts are, and not supported if any part is not.\n\n| criterion | verdict | evidence |\n|---|---|---|\n")
	for _, f := range s.Criteria {
		parts := make([]string, len(f.Parts))
		for i, d := range f.Parts {
			parts[i] = fmt.Sprintf("%s: %s (%s)", strings.ReplaceAll(d.Text, "|", `\|`), shown(d.Mean, d.Half), d.Verdict)
			if d.N < len(s.Seeds) {
				parts[i] += fmt.Sprintf(", %d of %d seeds", d.N, len(s.Seeds))
			}
		}
		fmt.Fprintf(w, "| %s | **%s** | %s |\n", strings.ReplaceAll(f.Criterion, "|", `\|`), f.Verdict, strings.Join(parts, "<br>"))
	}
}

// writeTable writes our values and, below each row, the paper's.
func writeTable(w *strings.Builder, p Plan, t Table, results Results) {
	fmt.Fprintf(w, "\n## %s\n\n|", t.Title)
	titles := t.titles()
	for _, title := range titles {
		fmt.Fprintf(w, " | %s", title)
	}
	fmt.Fprintf(w, " |\n|---%s|\n", strings.Repeat("|---", len(titles)))
	for i, row := range t.rows(p.Settings) {
		cells := results.Cells[i*len(titles):][:len(titles)]
		fmt.Fprintf(w, "| %s", row.Title)
		paper := ""
		for _, c := range cells {
			fmt.Fprintf(w, " | %s", shown(c.Mean, c.Half))
			if len(c.Marks) > 0 {
				w.WriteString(" " + markedSign)
			}
			paper += c.Paper
			if c.Mean != nil && c.N < len(p.Seeds) {
				fmt.Fprintf(w, " (%d of %d seeds)", c.N, len(p.Seeds))
			}
		}
		w.WriteString(" |\n")
		if paper == "" {
			continue
		}
		w.WriteString("| · paper")
		for _, c := range cells {
			fmt.Fprintf(w, " | %s", c.Paper)
		}
		w.WriteString(" |\n")
	}
}

// markedSign marks values that fail a sanity check.
const markedSign = "†"

// shown formats a mean and half its interval.
func shown(mean, half *float64) string {
	if mean == nil {
		return "–"
	}
	largest := math.Abs(*mean)
	if half != nil {
		largest = max(largest, *half)
	}
	decimals := 3 // of fractions; fewer for larger values
	switch {
	case largest >= 10:
		decimals = 1
	case largest >= 1.5:
		decimals = 2
	}
	text := strconv.FormatFloat(*mean, 'f', decimals, 64)
	if half == nil {
		return text
	}
	return text + " ± " + strconv.FormatFloat(*half, 'f', decimals, 64)
}

func seedList(seeds []uint64) string {
	words := make([]string, len(seeds))
	for i, seed := range seeds {
		words[i] = strconv.FormatUint(seed, 10)
	}
	return strings.Join(words, ", ")
}

// tagged explains the paper's readings, if any.
func tagged(p Plan) string {
	for _, t := range p.Tables {
		for _, c := range t.Columns {
			if c.Paper != nil {
				return "; [P]: the paper's values, read off its poster's plots to ±.02, at the paper's scale"
			}
		}
	}
	return ""
}
