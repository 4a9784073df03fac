package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"hfcui/ui"
	"hfcui/ui/share"
)

// serving is the server as configured by flags.
type serving struct {
	exploring
	listen  string
	keys    string
	viewers string
	hostKey string
	options share.Options
}

func serveCommand() *cobra.Command {
	s := serving{options: share.Options{Limits: share.DefaultLimits}}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the explorer over SSH, with a presenter",
		Long: "hfcui serve shows the explorer to everybody who connects with ssh and an authorized key. Models, data and results are shared; " +
			"each viewer has their own page, image and radius, or follows the presenter (" + followKey + "). " +
			"The first to connect with a key that may present is the presenter, who decides what viewers may do (@).",
		Example: "hfcui serve --model resnet20.pt --data cifar10\nssh -p 2222 localhost",
		Args:    cobra.NoArgs,
		RunE:    s.run,
	}
	s.exploring.flags(cmd)
	cmd.Flags().Lookup("image").Hidden = true
	flags, limits := cmd.Flags(), &s.options.Limits
	flags.StringVar(&s.listen, "listen", "127.0.0.1:2222", "address to listen on; :2222 is all interfaces")
	flags.StringVar(&s.keys, "authorized-keys", "", "file of the public keys that may connect and present (default ~/.ssh/authorized_keys)")
	flags.StringVar(&s.viewers, "viewer-keys", "", "file of further public keys, which may not present")
	flags.StringVar(&s.hostKey, "host-key", "", "file of the server's private key; made if it does not exist (default in the user's configuration folder)")
	flags.BoolVar(&s.options.AnyoneMayWatch, "anyone-may-watch", false, "let anyone connect, read-only")
	flags.IntVar(&limits.Sessions, "max-sessions", limits.Sessions, "viewers at the same time")
	flags.IntVar(&limits.SessionsPerKey, "max-sessions-per-key", limits.SessionsPerKey, "viewers with one key")
	flags.DurationVar(&limits.Idle, "idle-timeout", limits.Idle, "end connections without traffic after this time")
	flags.DurationVar(&limits.Total, "max-time", limits.Total, "end connections after this time")
	flags.DurationVar(&limits.Stalled, "stalled-timeout", limits.Stalled, "end connections whose terminal accepts no output for this time")
	return cmd
}

// followKey is the key that follows the presenter.
const followKey = "ctrl+f"

func (s *serving) run(cmd *cobra.Command, _ []string) error {
	if err := s.check(); err != nil {
		return err
	}
	path := s.keys
	if path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return fmt.Errorf("no home folder: %w; name a file with --authorized-keys", err)
		}
		path = filepath.Join(home, ".ssh", "authorized_keys")
	}
	keys, skipped, err := share.ReadKeys(path, s.viewers)
	if err != nil && !s.options.AnyoneMayWatch {
		return err
	}
	if s.options.HostKey = s.hostKey; s.hostKey == "" {
		if s.options.HostKey, err = share.HostKeyFile(); err != nil {
			return err
		}
	}
	l, err := s.open(cmd)
	if err != nil {
		return err
	}
	defer l.Close()
	s.options.Keys, s.options.Program = keys, func() (ui.Options, func()) { return s.program(l) }
	s.options.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	server, err := share.New(l, s.options)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("%w; choose another address with --listen", err)
	}
	s.announce(listener.Addr().(*net.TCPAddr), server, skipped)
	return server.Serve(cmd.Context(), listener)
}

// check returns an error for flags that make no sense.
func (s *serving) check() error {
	l := s.options.Limits
	switch {
	case l.Sessions < 1 || l.SessionsPerKey < 1:
		return usagef("--max-sessions and --max-sessions-per-key must be 1 or more")
	case l.Idle < 0 || l.Total < 0 || l.Stalled < 0:
		return usagef("timeouts must be 0 (none) or more")
	}
	return nil
}

// announce says how to connect.
func (s *serving) announce(at *net.TCPAddr, server *share.Server, skipped int) {
	host := at.IP.String()
	if at.IP.IsUnspecified() {
		host, _ = os.Hostname()
		host = cmp.Or(host, "HOST")
	}
	sayNote(fmt.Sprintf("serving on %s; connect with: ssh -p %d %s", at, at.Port, host))
	sayNote("host key " + server.HostKey() + "; stop with ctrl+c")
	if skipped > 0 {
		sayNote(fmt.Sprintf("%d lines of keys are not used: not a public key, or restricted (from=, expiry-time=, cert-authority)", skipped))
	}
	if s.options.AnyoneMayWatch {
		sayNote("warning: --anyone-may-watch: anyone who reaches this address can connect and watch")
	}
}
