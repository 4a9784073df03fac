package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hfcui/checkpoints"
	"hfcui/engine/model"
)

// keep starts a checkpoint if one is due or requested, and reports completed ones.
func (r *run) keep(epochEnded bool) error {
	if r.options.Control.takeWanted() {
		return r.settle()
	}
	if done, ok := r.saver.poll(); ok {
		if err := r.wrote(done); err != nil {
			return err
		}
	}
	if !r.saver.due(epochEnded) {
		return nil
	}
	return r.save()
}

// save starts writing a checkpoint of the current state, after all steps begun.
func (r *run) save() error {
	for len(r.begins) > 0 {
		if err := r.account(); err != nil {
			return err
		}
	}
	size, err := r.folder.size()
	if err != nil {
		return err
	}
	at := r.at
	at.Events, at.Seconds = size, r.stamp("").Seconds
	return r.saver.begin(at, r)
}

// wrote reports a checkpoint that was written, or its error.
func (r *run) wrote(done saved) error {
	if done.err != nil {
		return done.err
	}
	r.kept = &done.position
	s := r.stamp("checkpoint")
	s.Step = done.position.Step
	s.Epoch = (s.Step + r.perEpoch - 1) / r.perEpoch
	return r.emit(&CheckpointEvent{Stamp: s})
}

// settle waits for a pending checkpoint and writes one of the current state, unless it is already
// saved.
func (r *run) settle() error {
	if done, ok := r.saver.wait(); ok {
		if err := r.wrote(done); err != nil {
			return err
		}
	}
	if r.kept != nil && r.kept.Step == r.at.Step && r.kept.Pending == r.at.Pending && r.kept.Tested == r.at.Tested {
		return nil
	}
	if err := r.save(); err != nil {
		return err
	}
	done, _ := r.saver.wait()
	return r.wrote(done)
}

// keepEpoch saves the model after an epoch and returns its file, relative to the run folder.
func (r *run) keepEpoch(epoch int) (string, error) {
	if err := os.MkdirAll(filepath.Join(r.folder.dir, CheckpointsFolder), 0o755); err != nil {
		return "", folderError(r.folder.dir, err)
	}
	name := fmt.Sprintf("%s/epoch-%04d.safetensors", CheckpointsFolder, epoch)
	return name, r.model.Save(filepath.Join(r.folder.dir, filepath.FromSlash(name)))
}

// finish saves the finished run.
func (r *run) finish() error {
	if err := r.settle(); err != nil {
		return err
	}
	digest, err := fileDigest(filepath.Join(r.folder.dir, ModelFile))
	if err != nil {
		return err
	}
	return r.emit(&EndEvent{Stamp: r.stamp("end"), Reason: Finished, Weights: digest})
}

// leave saves a run that cannot continue, and records why it ended.
func (r *run) leave(ctx context.Context, why error) error {
	var diverged *DivergedError
	if r.folder.fresh && r.at.Step == 0 && !errors.As(why, &diverged) {
		r.folder.discard()
		return why
	}
	end := &EndEvent{Reason: Failed, Error: why.Error()}
	switch {
	case errors.As(why, &diverged):
		r.saver.wait() // what it writes is older, or rejected
		end.Reason = Diverged
	case r.folder.broken:
		r.saver.wait() // an event is missing: the run resumes from the last checkpoint
	default:
		stopped := ctx.Err() != nil && errors.Is(why, ctx.Err())
		switch err := r.settle(); {
		case errors.As(err, &diverged):
			why, end.Reason, end.Error = diverged, Diverged, diverged.Error()
		case stopped && err != nil:
			why, end.Error = err, err.Error()
		case stopped:
			why = &StoppedError{Dir: r.folder.dir, Step: r.at.Step, Err: why}
			end.Reason, end.Error = Stopped, ""
		}
	}
	end.Stamp = r.stamp("end")
	if diverged != nil {
		end.Step = diverged.Step
	}
	r.emit(end) // if this fails, why is already that the folder cannot be written
	return why
}

// fileDigest returns a file's SHA-256.
func fileDigest(path string) (string, error) {
	f, err := checkpoints.OpenRegular(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func loadModel(dir string) (*model.Model, error) {
	return model.Load(filepath.Join(dir, ModelFile), "")
}
