package term

import "hfcui/ui/picture"

// Capabilities is what is known of a terminal.
type Capabilities struct {
	Name                 string // as XTVERSION tells, "XTerm(379)", or what the environment says; may be empty
	Sixel, Kitty, ITerm2 bool
	CellW, CellH         int    // size of a cell in pixels; never 0
	CellFrom             string // where the cell size is from: "CSI 16 t", "TIOCGWINSZ", "CSI 14 t", "a guess"
	Colors               int    // sixel colour registers; 0 not told
	Dark                 bool   // background is dark, or not known
	Background           picture.RGB
	BackgroundKnown      bool
	Tmux                 bool // inside tmux
	Passthrough          bool // tmux passes sequences through to the terminal outside
	Sync                 bool // synchronized output, mode 2026
	Dumb                 bool // TERM=dumb or none at all
	Depth                picture.Depth
	Complete             bool     // the fence (DA1) was answered: nothing more is to come
	Answers              []string // one line for everything the terminal answered, for doctor
}

// Choose picks how to show pictures and says why in a few words. override is a name that
// picture.Parse knows, or "" or "auto".
func (c Capabilities) Choose(override string) (picture.Protocol, string) {
	if p, err := picture.Parse(override); err == nil {
		return p, p.String() + ": asked for"
	}
	switch {
	case c.Sixel:
		return picture.Sixel, "sixel: the terminal says so (DA1 4)"
	case c.Kitty:
		return picture.Kitty, "kitty: the terminal says so"
	case c.ITerm2:
		return picture.ITerm2, "iterm2: the terminal says so"
	}
	return picture.HalfBlocks, "half blocks: no graphics"
}
