package source

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// PTX is made of the source by clang, with no CUDA toolkit; the files' first line has the hash of
// what they were made of.
//
//go:generate go test -run TestPTX -update .

//go:embed ptx
var ptx embed.FS

// target is a compilation of a module to PTX.
type target struct {
	module Module
	arch   int  // compute capability times ten, the lowest that runs it
	matrix bool // with matrix instructions
}

// targets lists the module's compilations, the highest arch first. Newer GPUs than sm_80 run its PTX
// as fast: kernels use nothing newer, and the driver compiles it for the GPU.
func (m Module) targets() (all []target) {
	matrix, plain := m.multiplies()
	if matrix {
		all = append(all, target{m, 80, true})
	}
	if plain {
		all = append(all, target{m, 70, false})
	}
	return all
}

// PTX returns the module's PTX for a GPU of a compute capability times ten, e.g. 90.
func (m Module) PTX(arch int) (string, error) {
	for _, t := range m.targets() {
		if t.arch > arch {
			continue
		}
		data, err := ptx.ReadFile(t.file())
		if err != nil {
			return "", err
		}
		return unzip(data)
	}
	return "", fmt.Errorf("kernels of %s need a GPU of compute capability %.1f, not %.1f", m.Name, float64(m.targets()[0].arch)/10, float64(arch)/10)
}

func unzip(data []byte) (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}

// file is the target's file.
func (t target) file() string { return fmt.Sprintf("ptx/%s.sm_%d.ptx.gz", t.module.Name, t.arch) }

// options are clang's, for source on its standard input.
func (t target) options() []string {
	options := []string{
		"-x", "cuda", "--cuda-device-only", fmt.Sprintf("--cuda-gpu-arch=sm_%d", t.arch),
		"-nocudainc", "-nocudalib", "-O3", "-S", "-o", "-", "-",
	}
	if t.matrix {
		options = append(options, "-DMATRIX=1")
	}
	return options
}

// head is the first line of the target's PTX: a hash of what it is made of.
func (t target) head() string {
	sum := sha256.Sum256([]byte(strings.Join(t.options(), " ") + "\n" + t.module.Text()))
	return "// " + hex.EncodeToString(sum[:8]) + "\n"
}
