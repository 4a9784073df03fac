package kernel

import (
	"fmt"
	"os"
	"strings"
)

// Environment is the variable that names the kernels to use.
const Environment = "HFCUI_CPU"

// Sets gives the kernels this processor can run, the fastest first; the last are the
// portable ones.
func Sets() []*Set { return append(native(), &portable) }

// Select gives the kernels of that name, and for "" those the environment names or, where
// it names none, the fastest.
func Select(name string) (*Set, error) {
	sets := Sets()
	from := ""
	if name == "" {
		name, from = os.Getenv(Environment), Environment+": "
	}
	if name == "" {
		return sets[0], nil
	}
	var names []string
	for _, s := range sets {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("%sno kernels %q for this processor: choose from %s", from, name, strings.Join(names, ", "))
}
