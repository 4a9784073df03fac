package share

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"
)

// level is what a connection is trusted with.
type level int

const (
	anonymous level = iota // may only watch
	viewer                 // may do what the presenter allows
	presenter              // may present
)

// levelKey is the level in a connection's context.
type levelKey struct{}

// Keys are the keys that may connect, as encoded for the wire.
type Keys map[string]level

// maxKeysFile bounds the size of a file of keys.
const maxKeysFile = 4 << 20

// ReadKeys reads files in the format of OpenSSH's authorized_keys: of those who may present and, if
// viewers is not "", of those who may not. Options of keys that restrict them (from, expiry-time,
// cert-authority) are not understood: such keys are skipped, and counted.
func ReadKeys(presenters, viewers string) (k Keys, skipped int, err error) {
	k = Keys{}
	for _, file := range []struct {
		path string
		level
	}{{viewers, viewer}, {presenters, presenter}} {
		if file.path == "" {
			continue
		}
		n, err := k.read(file.path, file.level)
		if err != nil {
			return nil, 0, err
		}
		skipped += n
	}
	if len(k) == 0 {
		return nil, skipped, fmt.Errorf("%s has no usable key: add a public key, e.g. the contents of ~/.ssh/id_ed25519.pub", presenters)
	}
	return k, skipped, nil
}

// restricting are options of authorized_keys that would admit fewer than all who have the key.
var restricting = [][]byte{[]byte("from="), []byte("expiry-time="), []byte("cert-authority"), []byte("principals=")}

func (k Keys) read(path string, as level) (skipped int, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("keys: %w; name a file with --authorized-keys", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeysFile {
		return 0, fmt.Errorf("%s: not a file of public keys", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<16)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, _, options, _, err := gossh.ParseAuthorizedKey(line)
		if err != nil || restricted(options) {
			skipped++
			continue
		}
		k[string(key.Marshal())] = as
	}
	if err := lines.Err(); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return skipped, nil
}

func restricted(options []string) bool {
	for _, o := range options {
		for _, r := range restricting {
			if bytes.HasPrefix(bytes.ToLower([]byte(o)), r) {
				return true
			}
		}
	}
	return false
}

// authorize decides about a key.
func (s *Server) authorize(ctx ssh.Context, key ssh.PublicKey) bool {
	as, known := s.options.Keys[string(key.Marshal())]
	if !known && !s.options.AnyoneMayWatch {
		return false
	}
	ctx.SetValue(levelKey{}, as)
	return true
}

// HostKeyFile is where the host key is by default: in the user's configuration folder.
func HostKeyFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the host key: %w; name a file with --host-key", err)
	}
	return filepath.Join(dir, "hfcui", "host_ed25519"), nil
}

// hostKey reads the host key, or makes one that only the user can read.
func hostKey(path string) (gossh.Signer, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeHostKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("host key: %w", err)
	}
	key, err := gossh.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("host key %s: %w; remove the file to have a new key made", path, err)
	}
	return key, nil
}

// makeHostKey writes a new key. Another process that does so at the same time wins or loses whole.
func makeHostKey(path string) ([]byte, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := gossh.MarshalPrivateKey(private, "hfcui")
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, ".host_*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(pem.EncodeToMemory(block))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// HostKey returns the fingerprint of the host key.
func (s *Server) HostKey() string { return gossh.FingerprintSHA256(s.ssh.HostSigners[0].PublicKey()) }
