package train

import (
	"encoding/json"
	"strings"
)

// Settings returns the configuration as text by key, as in config.json; settings of a part have its
// name before theirs: "adversarial epsilon". Keys are words, not underscored.
func (c Config) Settings() map[string]string {
	list := map[string]string{}
	addSettings(list, "", fields(c))
	return list
}

func addSettings(list map[string]string, before string, from map[string]json.RawMessage) {
	for key, value := range from {
		key = before + strings.ReplaceAll(key, "_", " ")
		var part map[string]json.RawMessage
		if json.Unmarshal(value, &part) == nil && part != nil {
			addSettings(list, key+" ", part)
			continue
		}
		list[key] = strings.ReplaceAll(shown(value), ",", ", ")
	}
}
