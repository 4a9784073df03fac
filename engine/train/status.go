package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hfcui/checkpoints"
)

// ReadConfig reads the configuration of the run in a folder. The error is fs.ErrNotExist if there
// is none.
func ReadConfig(dir string) (Config, error) {
	var c Config
	path := filepath.Join(dir, ConfigFile)
	info, err := os.Stat(path)
	if err != nil {
		return c, err
	}
	if info.Size() > 1<<20 {
		return c, fmt.Errorf("%s: %d bytes is too large for a configuration: use another folder", path, info.Size())
	}
	text, err := checkpoints.ReadRegular(path)
	if err != nil {
		return c, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("%s: not the configuration of a run: %w: use another folder", path, err)
	}
	return c, nil
}

// differences lists the settings that differ as "epochs 10, not 20", saved's first.
func differences(saved, c Config) []string {
	a, b := fields(saved), fields(c)
	var changed []string
	both := maps.Clone(a)
	maps.Copy(both, b)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		if !bytes.Equal(a[key], b[key]) {
			changed = append(changed, fmt.Sprintf("%s %s, not %s", key, shown(a[key]), shown(b[key])))
		}
	}
	return changed
}

func fields(c Config) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	text, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		panic(err) // numbers were checked to be finite
	}
	return m
}

func shown(value json.RawMessage) string {
	if value == nil {
		return "none"
	}
	return strings.Trim(string(value), `"`)
}

// listed joins the first few elements.
func listed(all []string) string {
	const most = 3
	if len(all) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], "; "), len(all)-most)
	}
	return strings.Join(all, "; ")
}

// Status is the status of the run in a folder.
type Status struct {
	Config Config
	Last   *EpochEvent // nil: no epoch has ended
	End    *EndEvent   // nil: running, or killed
}

// ReadStatus reads the status of the run in a folder. The error is fs.ErrNotExist if there is none.
func ReadStatus(dir string) (Status, error) {
	c, err := ReadConfig(dir)
	if err != nil {
		return Status{}, err
	}
	s := Status{Config: c}
	text, err := checkpoints.ReadRegular(filepath.Join(dir, EventsFile))
	if os.IsNotExist(err) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	for {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			return s, nil // empty, or a partial line
		}
		text = rest
		switch kind := leadingType(line); kind {
		case "epoch", "end":
			e, err := Decode(line)
			if err != nil {
				continue
			}
			s.End = nil
			switch e := e.(type) {
			case *EpochEvent:
				s.Last = e
			case *EndEvent:
				s.End = e
			}
		default:
			s.End = nil
		}
	}
}

// lastBytes is how much of the end of an events file is searched for its last event: more than any
// event but those of many bands takes.
const lastBytes = 256 << 10

// LastEvent returns the last event of the run in a folder, read from the end of its file; nil without
// events.
func LastEvent(dir string) (Event, error) {
	f, err := checkpoints.OpenRegular(filepath.Join(dir, EventsFile))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, info.Size()-lastBytes)
	text, err := io.ReadAll(io.NewSectionReader(f, from, info.Size()-from))
	if err != nil {
		return nil, err
	}
	for end := bytes.LastIndexByte(text, '\n'); end >= 0; { // what follows is a partial line
		begin := bytes.LastIndexByte(text[:end], '\n')
		if e, err := Decode(text[begin+1 : end]); err == nil {
			return e, nil
		}
		end = begin
	}
	return nil, nil
}
