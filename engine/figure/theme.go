package figure

import "image/color"

// Theme is the appearance of figures.
type Theme struct {
	Background, Text, Dim, Grid color.RGBA
	Meanings                    [firstOf]color.RGBA // of Low, High, Whole, Changed
	List                        []color.RGBA        // of models, runs and settings
	TextSize                    float64             // height of labels, in units; titles are larger
	Scale                       float64             // pixels per unit in Render; 0 is 1
}

// Light is for paper, Dark for dark screens.
var (
	Light = Theme{
		Background: rgb(0xffffff), Text: rgb(0x222222), Dim: rgb(0x5f5f5f), Grid: rgb(0xdedede),
		Meanings: [firstOf]color.RGBA{rgb(0x0072b2), rgb(0xe69f00), rgb(0x404040), rgb(0x7a3fb0)},
		List: []color.RGBA{rgb(0x00795a), rgb(0xa3457f), rgb(0x8a7a00), rgb(0xb03060), rgb(0x3050c0), rgb(0x707070),
			rgb(0x2a8fbd), rgb(0x8a4b1f)},
		TextSize: 12,
	}
	Dark = Theme{
		Background: rgb(0x181818), Text: rgb(0xe4e4e4), Dim: rgb(0x9a9a9a), Grid: rgb(0x3c3c3c),
		Meanings: [firstOf]color.RGBA{rgb(0x56b4e9), rgb(0xe69f00), rgb(0xe4e4e4), rgb(0xb48ee8)},
		List: []color.RGBA{rgb(0x1fbf8f), rgb(0xd98cba), rgb(0xf0e442), rgb(0xe8703a), rgb(0x6f9bff), rgb(0xb0b0b0),
			rgb(0x7fd0f0), rgb(0xc09070)},
		TextSize: 12,
	}
)

func rgb(v uint32) color.RGBA { return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255} }

func (t *Theme) color(c Color) color.RGBA {
	if c < firstOf {
		return t.Meanings[c]
	}
	return t.List[int(c-firstOf)%len(t.List)]
}

// through returns c with an opacity.
func through(c color.RGBA, opacity float64) color.NRGBA {
	return color.NRGBA{c.R, c.G, c.B, uint8(255*opacity + 0.5)}
}
