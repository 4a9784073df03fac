package experiment

import (
	"encoding/json"
	"os"
	"path/filepath"

	"hfcui/engine/train"
)

// reuse copies a finished run of the same configuration from the folder of another experiment next
// to this one's into dir, unless dir exists. The configuration determines the result of a run; test
// is the number of test images it must have. It reports whether there was such a run.
func (c *runner) reuse(r plannedRun, dir string, test int) bool {
	if _, err := os.Lstat(dir); err == nil {
		return false
	}
	for _, e := range all {
		from := filepath.Join(Dir(filepath.Dir(c.dir), e, c.plan.Size), r.dir())
		if e.Name == c.plan.Name || !sameRun(from, r.Config, test) {
			continue
		}
		part := dir + ".part"
		os.RemoveAll(part) // of a copy that was interrupted
		err := os.CopyFS(part, os.DirFS(from))
		if err == nil {
			os.Remove(filepath.Join(part, measuredFile)) // the other plan's
			err = os.Rename(part, dir)
		}
		if err == nil {
			return true
		}
		os.RemoveAll(part) // it is trained instead
	}
	return false
}

// sameRun reports whether a folder holds a finished run of a configuration.
func sameRun(dir string, want train.Config, test int) bool {
	c, err := train.ReadConfig(dir)
	if err != nil {
		return false
	}
	a, err := json.Marshal(c)
	b, errWant := json.Marshal(want)
	if err != nil || errWant != nil || string(a) != string(b) {
		return false
	}
	s, err := train.ReadStatus(dir)
	return err == nil && s.End != nil && s.End.Reason == train.Finished && s.Last != nil && s.Last.Test != nil && s.Last.Test.N == test
}
