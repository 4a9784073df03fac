package share

import (
	"fmt"
	"slices"
	"sync"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui"
	"hfcui/ui/session"
)

// room is everybody who is connected, and who presents what to them.
type room struct {
	lab   session.Lab
	views *views

	mu         sync.Mutex
	members    []*member // in the order of arrival
	presenting *member
	allowed    ui.Privilege
	scene      *ui.Scene // the presenter's
	generation int       // incremented when a model, data or a split is opened
}

func newRoom(lab session.Lab) *room { return &room{lab: lab, views: newViews(lab)} }

// member is one viewer. It implements ui.Audience.
type member struct {
	room  *room
	name  string
	level level
	wake  chan struct{} // one token: there are news

	following bool // guarded by room.mu, as are the next ones
	renewals  int
	gone      bool
}

// join adds a viewer. The first who may present, while nobody does, presents.
func (r *room) join(user string, as level) *member {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := memberName(user)
	taken := func(n string) bool {
		return slices.ContainsFunc(r.members, func(m *member) bool { return m.name == n })
	}
	for i := 2; taken(name); i++ {
		name = fmt.Sprintf("%s %d", memberName(user), i)
	}
	m := &member{room: r, name: name, level: as, wake: make(chan struct{}, 1)}
	r.members = append(r.members, m)
	if r.presenting == nil && as == presenter {
		r.presenting = m
	}
	r.tell()
	return m
}

func (m *member) leave() {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	m.gone = true
	r.members = slices.DeleteFunc(r.members, func(o *member) bool { return o == m })
	if r.presenting == m {
		r.presenting, r.scene = nil, nil
	}
	r.tell()
}

// size returns the number of viewers.
func (r *room) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.members)
}

// tell wakes everybody. r.mu is held.
func (r *room) tell() {
	for _, m := range r.members {
		m.awake()
	}
}

func (m *member) awake() {
	select {
	case m.wake <- struct{}{}:
	default: // it will see this, too
	}
}

// report sends a member's program news of the room, and the sizes of its terminal, until stop is
// closed. A program that is slow gets the newest state only, and delays nobody.
func (m *member) report(to chan<- tea.Msg, sizes <-chan tea.Msg, stop <-chan struct{}) {
	for {
		var msg tea.Msg
		select {
		case <-m.wake:
			msg = m.state()
		case msg = <-sizes:
		case <-stop:
			return
		}
		select {
		case to <- msg:
		case <-stop:
			return
		}
	}
}

// state is the room from a member's viewpoint.
func (m *member) state() ui.AudienceMsg {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	msg := ui.AudienceMsg{Following: m.following, Presenting: r.presenting == m, CanPresent: m.level == presenter, Renewals: m.renewals}
	if m.level != anonymous {
		msg.Allowed = r.allowed
	}
	if r.scene != nil {
		scene := *r.scene
		msg.Scene = &scene
	}
	for _, o := range r.members {
		msg.Members = append(msg.Members, ui.Member{Name: o.name, Presenting: o == r.presenting, Following: o.following, Self: o == m})
	}
	return msg
}

// Show implements ui.Audience.
func (m *member) Show(s ui.Scene) {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.presenting != m {
		return
	}
	r.scene = &s
	for _, o := range r.members {
		if o != m && o.following {
			o.awake()
		}
	}
}

// Follow implements ui.Audience.
func (m *member) Follow(on bool) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	m.following = on
	m.room.tell()
}

// Present implements ui.Audience.
func (m *member) Present() {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.level == presenter && !m.gone {
		r.presenting, r.scene = m, nil
		r.tell()
	}
}

// Allow implements ui.Audience.
func (m *member) Allow(p ui.Privilege, on bool) {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.presenting != m {
		return
	}
	if r.allowed &^= p; on {
		r.allowed |= p
	}
	r.tell()
}

// may reports whether a member may use a privilege.
func (m *member) may(p ui.Privilege) bool {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.presenting == m || m.level != anonymous && r.allowed&p != 0
}

// renewed tells everybody but m that something else is open.
func (r *room) renewed(m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.generation++
	for _, o := range r.members {
		if o != m {
			o.renewals++
			o.awake()
		}
	}
}

// now returns the generation of what is open.
func (r *room) now() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.generation
}
