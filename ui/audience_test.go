package ui

import (
	"testing"

	"hfcui/ui/uitest"
)

// fakeAudience records what a program tells the others.
type fakeAudience struct {
	shown     []Scene
	following bool
	presents  int
	allowed   Privilege
}

func (f *fakeAudience) Show(s Scene)   { f.shown = append(f.shown, s) }
func (f *fakeAudience) Follow(on bool) { f.following = on }
func (f *fakeAudience) Present()       { f.presents++ }
func (f *fakeAudience) Allow(p Privilege, on bool) {
	if f.allowed &^= p; on {
		f.allowed |= p
	}
}

// state is news of a room in which ann presents and ben may look on.
func state(self string, m AudienceMsg) AudienceMsg {
	m.Members = []Member{{Name: "ann", Presenting: true, Self: self == "ann"}, {Name: "ben", Following: m.Following, Self: self == "ben"}}
	m.Presenting = self == "ann"
	return m
}

// The presenter's page, image, radius and smoothing are published when they change.
func TestPresenterIsPublished(t *testing.T) {
	room := &fakeAudience{}
	d := startWith(t, uitest.NewFakeLab(), Options{Audience: room}, 120, 34)
	d.Keys("right")
	if len(room.shown) != 0 {
		t.Error("a viewer is published")
	}
	d.Send(state("ann", AudienceMsg{}))
	d.Shows("presenting to 1 viewer, 0 following").Keys("right n s 2")
	last := room.shown[len(room.shown)-1]
	if last.Page != "bands" || last.Index != 1 || last.R != d.App.R || !last.Smooth {
		t.Errorf("published %+v", last)
	}
	n := len(room.shown)
	d.Keys("w")
	if len(room.shown) != n {
		t.Error("published again without a change")
	}
}

// A follower's screen is the presenter's, and keys that would change it are refused.
func TestFollowerSeesThePresentersScene(t *testing.T) {
	room := &fakeAudience{}
	d := startWith(t, uitest.NewFakeLab(), Options{Audience: room}, 120, 34)
	scene := Scene{Page: "kernels", Scene: d.App.Session.Scene()}
	scene.Index, scene.R, scene.Smooth, scene.Smoothing.Rho = 7, 5.5, true, 0.25
	d.Send(state("ben", AudienceMsg{Scene: &scene}))
	d.Shows("exploring alone; ann is presenting").Keys("ctrl+f")
	if d.App.page != 0 || !room.following {
		t.Fatalf("following %v, page %d", room.following, d.App.page)
	}
	d.Send(state("ben", AudienceMsg{Scene: &scene, Following: true}))
	if a := d.App; a.pages[a.page].name != "kernels" || a.Index != 7 || a.R != 5.5 || !a.Smooth || a.Rho != 0.25 {
		t.Errorf("page %s, %+v", a.pages[a.page].name, a.Session.Scene())
	}
	d.Shows("following ann").Keys("1").Shows("following ann: press ctrl+f to explore alone")
	d.Keys("?").Shows("Help").Keys("esc")
	before := d.App.R
	d.Keys("<")
	if d.App.R != before {
		t.Error("a follower moved r")
	}
	scene.Index, scene.R = 1<<40, 1e9 // of other data
	d.Send(state("ben", AudienceMsg{Scene: &scene, Following: true}))
	if a := d.App; a.Index != 7 || a.R != a.MaxR {
		t.Errorf("%+v of a scene that is not of these data", a.Session.Scene())
	}
}

// What viewers may do is the presenter's to allow.
func TestPrivileges(t *testing.T) {
	room := &fakeAudience{}
	d := startWith(t, uitest.NewFakeLab(), Options{Audience: room}, 120, 34)
	d.Send(state("ben", AudienceMsg{}))
	for _, key := range []string{"x", "O", "o", "M", "t", "L", "4 N"} {
		d.Keys(key).Shows("the presenter has not allowed viewers to")
		if d.App.Top() != nil {
			t.Errorf("%s opened a dialog", key)
		}
	}
	d.Keys("@ space").Shows("Viewers may")
	if room.allowed != 0 {
		t.Error("a viewer allowed something")
	}
	d.Keys("esc").Send(state("ben", AudienceMsg{Allowed: MayExport}))
	d.Keys("1 x").Shows("Export page").Keys("esc")
	d.Send(state("ann", AudienceMsg{CanPresent: true}))
	d.Keys("@ down space")
	if room.allowed != MayMeasure {
		t.Errorf("allowed %b", room.allowed)
	}
	d.Keys("esc ctrl+z").Shows("cannot be suspended")
}

// What somebody else has opened is open here.
func TestRenewal(t *testing.T) {
	d := startWith(t, uitest.NewFakeLab(), Options{Audience: &fakeAudience{}}, 120, 34)
	d.Lab.SetSplit("train")
	d.Send(state("ben", AudienceMsg{Following: true, Renewals: 1}))
	d.Shows("shapes train").Shows("10,000 images")
}
