package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Document is a report together with how the model it is about was read: its JSON is the
// report's object, or each of its objects, with the keys of the reading after its own.
type Document struct {
	Report  any
	Reading any // model.Reading, or Reading
}

// MarshalJSON implements json.Marshaler.
func (d Document) MarshalJSON() ([]byte, error) {
	report, err := marshal(d.Report)
	if err != nil {
		return nil, err
	}
	reading, err := marshal(d.Reading)
	if err != nil {
		return nil, err
	}
	if len(report) > 0 && report[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(report, &list); err != nil {
			return nil, err
		}
		for i := range list {
			if list[i], err = merged(list[i], reading); err != nil {
				return nil, err
			}
		}
		return marshal(list)
	}
	return merged(report, reading)
}

// marshal encodes a value on one line, with < and > as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// merged is an object with the pairs of another after its own; no key may be in both.
func merged(object, more []byte) ([]byte, error) {
	var own, add map[string]json.RawMessage
	if err := json.Unmarshal(object, &own); err != nil {
		return nil, fmt.Errorf("a report that is not an object: %w", err)
	}
	if err := json.Unmarshal(more, &add); err != nil {
		return nil, err
	}
	for key := range add {
		if _, twice := own[key]; twice {
			return nil, fmt.Errorf("two values for %q", key)
		}
	}
	if len(own) == 0 {
		return more, nil
	}
	out := append(bytes.TrimSuffix(object, []byte("}")), ',')
	return append(out, more[1:]...), nil
}
