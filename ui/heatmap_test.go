package ui

import (
	"bytes"
	"image/png"
	"os"
	"strings"
	"testing"

	"hfcui/ui/uitest"
)

func TestExportHeatmap(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("7 C s x").Shows("norm4-unclipped-rho0.50").Keys("enter").Shows("Wrote 3 files")
	b, err := os.ReadFile(uitest.Exported(t, d.App.options.Folder, ".png"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(b)); err != nil {
		t.Error(err)
	}
	if b, err = os.ReadFile(uitest.Exported(t, d.App.options.Folder, ".csv")); err != nil || strings.Count(string(b), "\n") != 1+32*32 {
		t.Errorf("%d lines, %v", strings.Count(string(b), "\n"), err)
	}
}
