// Package source has the GPU kernels. They are written once, in the C that OpenCL C 1.2 and CUDA
// share: see dialect.h. OpenCL drivers compile the source when the program runs; for NVIDIA GPUs
// clang has compiled it to PTX when the program was built.
package source

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.h *.cl
var files embed.FS

// Module is a unit of compilation: files in order, and macro definitions.
type Module struct {
	Name    string   // of the PTX: "conv_64"
	Files   []string // after dialect.h
	Defines []string // as NAME=VALUE
	Code    string   // after the files; of tests
}

// Text returns the module's source, with its macros defined at the top.
func (m Module) Text() string {
	var b strings.Builder
	for _, d := range m.Defines {
		name, value, _ := strings.Cut(d, "=")
		fmt.Fprintf(&b, "#define %s %s\n", name, value)
	}
	for _, name := range append([]string{"dialect.h"}, m.Files...) {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // a file that this package names and does not embed
		}
		b.Write(text)
	}
	b.WriteString(m.Code)
	return b.String()
}
