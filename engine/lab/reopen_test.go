package lab

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/view"
)

// saveNet writes an untrained network with these classes, none if nil, and returns its file.
func saveNet(t *testing.T, net string, input [3]int, classes []string, outputs int) string {
	t.Helper()
	names := classes
	for i := len(names); i < outputs; i++ {
		names = append(names, string(rune('a'+i)))
	}
	m, err := model.New(net, input, names, nets.He, 3)
	if err != nil {
		t.Fatal(err)
	}
	m.Classes = classes
	path := filepath.Join(t.TempDir(), net+".safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// savePhoto writes an image and returns its file.
func savePhoto(t *testing.T, w, h int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "photo.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, image.NewRGBA(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return path
}

// A model of another input size is opened on the same images, which are resized for it.
func TestReopensModelOfOtherSize(t *testing.T) {
	l := openSmall(t)
	gray := saveNet(t, "lenet5", [3]int{1, 28, 28}, l.Model().Classes, 0)
	if err := l.Reopen(t.Context(), Choice{Model: gray}); err != nil {
		t.Fatal(err)
	}
	info := l.Info()
	if info.Channels != 1 || info.Height != 28 || !info.Labeled || !strings.Contains(info.Note, "converted") || info.MaxRadius != 20 {
		t.Errorf("%+v", info)
	}
	v, err := l.View(t.Context(), view.Request{Index: 3, R: 5})
	if err != nil || v.Label != l.Label(3) || v.Pictures[0].W != 32 {
		t.Errorf("%v, %+v", err, v)
	}
	if path, _ := l.Opened(); path != gray {
		t.Errorf("opened %s", path)
	}
	if err := l.Reopen(t.Context(), Choice{Data: "shapes:train=20,test=30", Split: "train"}); err != nil {
		t.Fatal(err)
	}
	if info = l.Info(); info.Images != 20 || info.Split != "train" || info.Channels != 1 {
		t.Errorf("the model is kept, the data are new: %+v", info)
	}
	if path, _ := l.Opened(); path != gray {
		t.Errorf("opened %s", path)
	}
}

// What cannot be opened leaves everything as it was.
func TestReopenRefusesAndKeeps(t *testing.T) {
	l := openSmall(t)
	before := l.Info()
	for _, c := range []Choice{
		{Data: "/none"}, {Model: "/none.pt"}, {Model: "demo", Data: "/none"}, {Images: []string{"/none.png"}},
		{Data: "shapes", Split: "half"}, {Images: []string{savePhoto(t, 4, 4)}, Split: "train"},
	} {
		if err := l.Reopen(t.Context(), c); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if now := l.Info(); now.Model != before.Model || now.Images != before.Images {
		t.Errorf("%+v", now)
	}
	if _, err := l.View(t.Context(), view.Request{R: 5}); err != nil {
		t.Error(err)
	}
}

// Old data and programs are freed after their last use, not before.
func TestReopenFreesWhatItReplaces(t *testing.T) {
	l := openSmall(t)
	old, end, err := l.model(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(t.Context(), Choice{Data: "shapes:train=20,test=30"}); err != nil {
		t.Fatal(err)
	}
	if old.data.users == 0 || old.label(0) < 0 {
		t.Error("closed in use")
	}
	end()
	if old.data.users != 0 || len(old.programs.programs) != 0 {
		t.Errorf("%d users, %d programs after the last use", old.data.users, len(old.programs.programs))
	}
	runtime.GC()
	goroutines := runtime.NumGoroutine()
	for i := range 6 {
		if err := l.Reopen(t.Context(), Choice{Model: "demo", Data: []string{"shapes:train=20,test=30", "shapes"}[i%2]}); err != nil {
			t.Fatal(err)
		}
		if _, err := l.View(t.Context(), view.Request{R: 5}); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; runtime.NumGoroutine() > goroutines && i < 50; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	if now := runtime.NumGoroutine(); now > goroutines {
		t.Errorf("%d goroutines, before %d", now, goroutines)
	}
	if l.selected.Load().data.users != 1 {
		t.Errorf("%d users of the open data", l.selected.Load().data.users)
	}
}

// A training run keeps its data, and comparison models those that are open.
func TestReopenDuringTraining(t *testing.T) {
	l, dir := openSmall(t), filepath.Join(t.TempDir(), "run")
	other := anotherModel(t)
	if _, err := l.OpenComparison(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	training := startTraining(t, l, dir)
	data := l.selected.Load().data
	if err := l.Reopen(t.Context(), Choice{Data: "shapes:train=20,test=30"}); err != nil {
		t.Fatal(err)
	}
	if data.users != 1 {
		t.Errorf("%d users of the run's data", data.users)
	}
	if info, err := l.OpenComparison(t.Context(), other); err != nil || info.Images != 30 {
		t.Errorf("%v, %+v", err, info)
	}
	training.Stop()
	<-training.Done()
	if data.users != 0 {
		t.Errorf("%d users after the run", data.users)
	}
}

// Requests for a model and for data that cross each other are both granted.
func TestReopensMeanwhile(t *testing.T) {
	l := openSmall(t)
	for range 5 {
		var all sync.WaitGroup
		for _, c := range []Choice{{Model: "demo-shuffled"}, {Data: "shapes:train=20,test=30"}} {
			all.Go(func() {
				if err := l.Reopen(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		all.Go(func() {
			for i := range 20 {
				if _, err := l.View(t.Context(), view.Request{Index: i, R: 5}); err != nil {
					t.Error(err)
				}
			}
		})
		all.Wait()
		if info := l.Info(); info.Model != "demo-shuffled" || info.Images != 30 {
			t.Errorf("%s on %d images", info.Model, info.Images)
		}
		if err := l.Reopen(t.Context(), Choice{Model: "demo", Data: "shapes"}); err != nil {
			t.Fatal(err)
		}
	}
}

// Accuracy is measured only where model and data belong together by their classes, or, of a model
// that names none, because the data were chosen.
func TestUnscored(t *testing.T) {
	ten := [3]int{3, 32, 32}
	nameless := saveNet(t, "resnet8-w4", ten, nil, 10)
	photo := savePhoto(t, 640, 480)
	for _, c := range []struct {
		Options
		why, note string
	}{
		{Options{}, "", ""},
		{Options{Model: "demo"}, "", ""},
		{Options{Model: nameless}, "no dataset was chosen", "not scored"},
		{Options{Model: nameless, Data: "shapes:test=20"}, "", "its outputs are taken to be disc, ring"},
		{Options{Model: saveNet(t, "resnet8-w4", ten, nil, 7), Data: "shapes:test=20"}, "7 classes", "not scored"},
		{Options{Model: saveNet(t, "resnet8-w4", ten, strings.Fields("a b c d e f g h i j"), 0), Data: "shapes:test=20"}, "other classes", "not scored"},
		{Options{Images: []string{photo}}, "no labels", DefaultModelNote},
		{Options{Images: []string{photo}, Model: nameless}, "no labels", "shortest side"},
	} {
		l, err := Open(t.Context(), c.Options)
		if err != nil {
			t.Fatal(err)
		}
		info := l.Info()
		if info.Labeled != (c.why == "") || !strings.Contains(info.Unscored, c.why) || !strings.Contains(info.Note, c.note) || c.note == "" && info.Note != "" {
			t.Errorf("%+v: %q, %q", c.Options, info.Unscored, info.Note)
		}
		if _, err := l.Bands(t.Context(), BandsRequest{Radii: []float64{4}, Limit: 10}, nil); (err != nil) != (c.why != "") {
			t.Errorf("%+v: %v", c.Options, err)
		}
		if len(c.Images) > 0 && info.MaxPreview < 400 {
			t.Errorf("the photograph is displayed up to radius %v", info.MaxPreview)
		}
		l.Close()
	}
}
