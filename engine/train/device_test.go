package train

import (
	"encoding/json"
	"strings"
	"testing"
)

// A run on the automatic choice has the config.json that runs had before devices had names;
// another device is another run.
func TestConfigNamesADevice(t *testing.T) {
	c := Default("resnet20", "shapes")
	text, err := json.Marshal(c)
	if err != nil || strings.Contains(string(text), "device") {
		t.Errorf("%s: %v", text, err)
	}
	on := c
	on.Device = "cpu"
	if changed := differences(c, on); len(changed) != 1 || !strings.Contains(changed[0], "device") {
		t.Errorf("differences %q", changed)
	}
	if err := on.Check(); err != nil {
		t.Error(err)
	}
	on.Device = "nosuch"
	if err := on.Check(); err == nil || !strings.Contains(err.Error(), "auto, cpu") {
		t.Errorf("an unknown device: %v", err)
	}
	if _, err := on.OpenDevice(); err == nil {
		t.Error("an unknown device is opened")
	}
}
