package train

import (
	"fmt"
	"strconv"

	"hfcui/engine/nets"
)

// FreezeBackbone is the value of Config.Freeze for all layers but the last.
const FreezeBackbone = "backbone"

// ParseFreeze returns the number of first layers that a value of Config.Freeze freezes; −1 for the
// backbone.
func ParseFreeze(s string) (int, error) {
	switch s {
	case "":
		return 0, nil
	case FreezeBackbone:
		return -1, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || s != strconv.Itoa(n) {
		return 0, fmt.Errorf("%.20q: use %s, or a number of layers, at least 1", s, FreezeBackbone)
	}
	return n, nil
}

// frozen returns how many of a net's first layers are frozen. At least one layer is trained.
func (c Config) frozen(n *nets.Net) (int, error) {
	frozen, err := ParseFreeze(c.Freeze)
	if err != nil {
		return 0, fmt.Errorf("freeze %w", err)
	}
	last := n.Layers() - 1
	if frozen < 0 {
		frozen = last
	}
	if frozen > last {
		return 0, fmt.Errorf("freeze %d: %s has %d convolution and linear layers; use at most %d", frozen, n.Name, last+1, last)
	}
	return frozen, nil
}
