package bands

import (
	"math"
	"slices"

	"hfcui/engine/dataset"
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// Corrupted are the results on versions of the test images: corruptions at severities, so far.
type Corrupted struct {
	Corruptions []dataset.Corruption
	Results     [][]Result // by corruption, then by its severities
}

// NewCorrupted returns that of corruptions without results.
func NewCorrupted(list []dataset.Corruption) Corrupted {
	c := Corrupted{list, make([][]Result, len(list))}
	for k := range list {
		c.Results[k] = make([]Result, len(list[k].Severities))
	}
	return c
}

// Clone returns a copy whose results can be replaced.
func (c Corrupted) Clone() Corrupted {
	copied := NewCorrupted(c.Corruptions)
	for k := range c.Results {
		copy(copied.Results[k], c.Results[k])
	}
	return copied
}

// Versions counts the versions.
func (c Corrupted) Versions() (n int) {
	for _, row := range c.Results {
		n += len(row)
	}
	return n
}

// Severities lists the severities of all corruptions, ascending.
func (c Corrupted) Severities() (list []int) {
	for _, corruption := range c.Corruptions {
		list = append(list, corruption.Severities...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Count returns the number of images evaluated, over all versions, how many there are, and the
// fewest of a version. What is not started is taken to have as many images as what is.
func (c Corrupted) Count() (done, all, fewest int) {
	fewest, images, unknown := math.MaxInt, 0, 0
	for _, row := range c.Results {
		for _, r := range row {
			done, all, fewest, images = done+r.Whole.N, all+r.Images, min(fewest, r.Whole.N), max(images, r.Images)
			if r.Images == 0 {
				unknown++
			}
		}
	}
	if fewest == math.MaxInt {
		fewest = 0
	}
	return done, all + unknown*images, fewest
}

// Done reports whether all versions have been evaluated on all images.
func (c Corrupted) Done() bool {
	for _, row := range c.Results {
		for _, r := range row {
			if !r.Done {
				return false
			}
		}
	}
	return true
}

// Mean is a mean of accuracies over versions.
type Mean struct {
	Accuracy float64 // NaN until every version has images
	Lo, Hi   float64 // 95 % CI
	N        int     // images, the fewest of a version
	Versions int
}

// Mean returns the mean corruption accuracy: the unweighted mean over corruptions of the mean over
// their severities. i is the index of the radius.
func (c Corrupted) Mean(part Part, i int) Mean {
	var list []Result
	var weights []float64
	for _, row := range c.Results {
		for _, r := range row {
			list, weights = append(list, r), append(weights, 1/float64(len(row)*len(c.Results)))
		}
	}
	return meanOf(list, weights, part, i)
}

// MeanOf returns the mean over the severities of the k-th corruption.
func (c Corrupted) MeanOf(k int, part Part, i int) Mean {
	weights := make([]float64, len(c.Results[k]))
	for j := range weights {
		weights[j] = 1 / float64(len(weights))
	}
	return meanOf(c.Results[k], weights, part, i)
}

// MeanAt returns the mean over corruptions at a severity; those without it are left out.
func (c Corrupted) MeanAt(severity int, part Part, i int) Mean {
	var list []Result
	for k, row := range c.Results {
		for j, r := range row {
			if c.Corruptions[k].Severities[j] == severity {
				list = append(list, r)
			}
		}
	}
	weights := make([]float64, len(list))
	for j := range weights {
		weights[j] = 1 / float64(len(list))
	}
	return meanOf(list, weights, part, i)
}

// Score returns the accuracy on a component; i is the index of the radius.
func (r Result) Score(part Part, i int) measure.Score {
	switch {
	case part == Whole:
		return r.Whole
	case i >= len(r.Radii):
		return measure.Score{}
	case part == Low:
		return r.Low[i]
	}
	return r.High[i]
}

// meanOf is a weighted mean of accuracies. Image i is the same one in every version, so that the
// versions' errors are correlated: the variance is that, over images, of the weighted share of
// versions in which an image is classified correctly. The interval is Wilson's for as many
// independent images as have this variance. Versions of different images count as independent.
func meanOf(list []Result, weights []float64, part Part, i int) Mean {
	m := Mean{N: math.MaxInt, Versions: len(list)}
	same := true
	independent := 0.
	for v, r := range list {
		s := r.Score(part, i)
		if s.N == 0 {
			return Mean{Accuracy: math.NaN(), Hi: 1, Versions: len(list)}
		}
		p := s.Accuracy()
		m.Accuracy += weights[v] * p
		m.N = min(m.N, s.N)
		independent += weights[v] * weights[v] * p * (1 - p) / float64(s.N)
		same = same && r.Images == list[0].Images && r.Outcomes.stride > 0
	}
	if len(list) == 0 {
		return Mean{Accuracy: math.NaN(), Hi: 1}
	}
	m.Accuracy = min(m.Accuracy, 1) // rounding
	variance := independent
	if same {
		variance = paired(list, weights, m.N, part, i)
	}
	count := float64(m.N)
	if variance > 0 {
		count = m.Accuracy * (1 - m.Accuracy) / variance
	}
	m.Lo, m.Hi = measure.Wilson(m.Accuracy, max(1, int(math.Round(count))))
	return m
}

// paired returns the variance of the mean over the first n images.
func paired(list []Result, weights []float64, n int, part Part, i int) float64 {
	at, mask := bit(part, i)
	sum, squares := 0., 0.
	for k := range n {
		share := 0.
		for v, r := range list {
			if r.Outcomes.bits[k*r.Outcomes.stride+at]&mask != 0 {
				share += weights[v]
			}
		}
		sum += share
		squares += share * share
	}
	mean := sum / float64(n)
	return max(0, squares/float64(n)-mean*mean) / float64(n)
}

// CorruptedReport is the JSON form of a Corrupted with everything that determined it.
type CorruptedReport struct {
	Model string `json:"model"`
	Data  string `json:"data"`
	Split string `json:"split"`
	N     int    `json:"n"` // evaluation images of a version, the fewest
	*measure.Partial
	Normalize string `json:"normalize"`
	BN        string `json:"bn"`
	model.Smoothing
	// Mean is the mean corruption accuracy on whole images, as Definition says.
	Mean        MeanDocument       `json:"mean_corruption_accuracy"`
	Definition  string             `json:"definition"`
	Bands       []MeanBand         `json:"bands"` // the same on low- and high-pass images
	Corruptions []CorruptionReport `json:"corruptions"`
	Versions    []VersionReport    `json:"versions"`
	DType       string             `json:"dtype,omitempty"`
}

// MeanDocument is the JSON form of a Mean.
type MeanDocument struct {
	Accuracy *float64   `json:"accuracy"` // null until every version has images
	CI95     [2]float64 `json:"ci95"`
	N        int        `json:"n"` // images of a version, the fewest
	Versions int        `json:"versions"`
}

// Document returns the JSON form.
func (m Mean) Document() MeanDocument {
	d := MeanDocument{CI95: [2]float64{m.Lo, m.Hi}, N: m.N, Versions: m.Versions}
	if !math.IsNaN(m.Accuracy) {
		d.Accuracy = &m.Accuracy
	}
	return d
}

// MeanBand is a mean on one component, "low" or "high", at one radius.
type MeanBand struct {
	Part string  `json:"part"`
	R    float64 `json:"r"`
	MeanDocument
}

// CorruptionReport are the means over the severities of a corruption.
type CorruptionReport struct {
	Corruption string       `json:"corruption"`
	Severities []int        `json:"severities"`
	Whole      MeanDocument `json:"whole"`
	Bands      []MeanBand   `json:"bands"`
}

// VersionReport is the result for a corruption at a severity.
type VersionReport struct {
	Corruption string        `json:"corruption"`
	Severity   int           `json:"severity"`
	Whole      measure.Score `json:"whole"`
	Bands      []Band        `json:"bands"`
}

// MeanDefinition says what the mean corruption accuracy is.
const MeanDefinition = "unweighted mean over corruptions of the mean accuracy over severities; " +
	"95 % CI (Wilson) over images, since all versions have the same images"

// Partial says how far an unfinished measurement is; nil if it is complete.
func (c Corrupted) Partial() *measure.Partial {
	done, all, _ := c.Count()
	return measure.PartialOf(c.Done(), done, all, "images")
}

// NewCorruptedReport describes the results of versions at radii.
func NewCorruptedReport(name, data, split string, n Normalization, s model.Statistics, smoothing model.Smoothing, radii []float64, c Corrupted) CorruptedReport {
	_, _, fewest := c.Count()
	report := CorruptedReport{Model: name, Data: data, Split: split, N: fewest, Partial: c.Partial(), Normalize: n.String(), BN: s.String(), Smoothing: smoothing,
		Mean: c.Mean(Whole, 0).Document(), Definition: MeanDefinition, Bands: meanBands(radii, c.Mean),
		Corruptions: []CorruptionReport{}, Versions: []VersionReport{}}
	for k, corruption := range c.Corruptions {
		of := func(part Part, i int) Mean { return c.MeanOf(k, part, i) }
		report.Corruptions = append(report.Corruptions, CorruptionReport{corruption.Name, corruption.Severities, of(Whole, 0).Document(), meanBands(radii, of)})
		for j, r := range c.Results[k] {
			one := NewReport(name, data, split, n, s, smoothing, r)
			report.Versions = append(report.Versions, VersionReport{corruption.Name, corruption.Severities[j], r.Whole, one.Bands})
		}
	}
	return report
}

func meanBands(radii []float64, mean func(Part, int) Mean) []MeanBand {
	list := []MeanBand{}
	for i, r := range radii {
		list = append(list, MeanBand{Low.String(), r, mean(Low, i).Document()}, MeanBand{High.String(), r, mean(High, i).Document()})
	}
	return list
}
