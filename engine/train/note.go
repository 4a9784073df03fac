package train

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"hfcui/checkpoints"
	"hfcui/engine/printable"
)

// Note is a remark of a person at a step of a run.
type Note struct {
	Step int       `json:"step"`
	Text string    `json:"text"` // one line
	Time time.Time `json:"time"` // when it was written
}

// NotesFile is the file of a run folder's notes.
const NotesFile = "notes.json"

// Limits on notes.
const (
	maxNotes     = 1000
	maxNoteText  = 200     // characters
	maxNotesFile = 1 << 20 // bytes
)

// notesFile is the content of NotesFile.
type notesFile struct {
	Notes []Note `json:"notes"` // by step, at most one each
}

// ReadNotes reads the notes in a run folder, by step; none if it has no such file.
func ReadNotes(dir string) ([]Note, error) {
	path := filepath.Join(dir, NotesFile)
	f, err := checkpoints.OpenRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxNotesFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	var file notesFile
	switch err := json.NewDecoder(bytes.NewReader(text)).Decode(&file); {
	case len(text) > maxNotesFile || len(file.Notes) > maxNotes:
		return nil, fmt.Errorf("%s: more than %d notes: remove some", path, maxNotes)
	case err != nil:
		return nil, fmt.Errorf("%s: not the notes of a run: %w; repair or remove it", path, err)
	}
	for i := range file.Notes {
		file.Notes[i].Text = noteText(file.Notes[i].Text)
	}
	slices.SortStableFunc(file.Notes, func(a, b Note) int { return cmp.Compare(a.Step, b.Step) })
	return file.Notes, nil
}

// SetNote adds a note to a run folder, or replaces that of the same step; an empty text removes it.
// It returns the folder's notes. The file is replaced atomically.
func SetNote(dir string, n Note) ([]Note, error) {
	notes, err := ReadNotes(dir)
	if err != nil {
		return nil, err
	}
	notes = slices.DeleteFunc(notes, func(o Note) bool { return o.Step == n.Step })
	if n.Text = noteText(n.Text); n.Text != "" {
		at, _ := slices.BinarySearchFunc(notes, n.Step, func(o Note, step int) int { return cmp.Compare(o.Step, step) })
		notes = slices.Insert(notes, at, n)
	}
	if len(notes) > maxNotes {
		return nil, fmt.Errorf("%s: already has %d notes: remove some first", filepath.Join(dir, NotesFile), maxNotes)
	}
	text, err := json.MarshalIndent(notesFile{notes}, "", "  ")
	if err != nil {
		return nil, err
	}
	return notes, checkpoints.WriteAtomic(filepath.Join(dir, NotesFile), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// noteText returns a text as one printable line of limited length.
func noteText(s string) string {
	r := []rune(printable.Line(s))
	return string(r[:min(len(r), maxNoteText)])
}
