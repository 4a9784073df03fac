package cuda

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"

	"hfcui/engine/gpu/library"
)

// dnnMajors are the versions of cuDNN that can be used, the one that is preferred first.
var dnnMajors = []int{9, 8}

// dnnNames are where cuDNN may be: by the loader's rules, and in the folders of Python's packages,
// of which pip's nvidia-cudnn-cu12 brings it.
func dnnNames(env func(string) string) (names []string) {
	for _, major := range dnnMajors {
		name := fmt.Sprintf("libcudnn.so.%d", major)
		if runtime.GOOS == "windows" {
			name = fmt.Sprintf("cudnn64_%d.dll", major)
		}
		names = append(names, name)
		for _, pattern := range dnnFolders(runtime.GOOS, env) {
			found, _ := filepath.Glob(filepath.Join(pattern, name))
			slices.Reverse(found) // newer versions of Python first
			names = append(names, found...)
		}
	}
	return names
}

// dnnFolders are patterns of folders. Variables that are no absolute path are ignored: the current
// folder's libraries are nobody's choice.
func dnnFolders(system string, env func(string) string) (patterns []string) {
	add := func(root string, parts ...string) {
		if filepath.IsAbs(root) {
			patterns = append(patterns, filepath.Join(append([]string{root}, parts...)...))
		}
	}
	if system == "windows" {
		wheel := filepath.Join("Lib", "site-packages", "nvidia", "cudnn", "bin")
		add(env("VIRTUAL_ENV"), wheel)
		add(env("CONDA_PREFIX"), wheel)
		add(env("CONDA_PREFIX"), "Library", "bin")
		add(env("APPDATA"), "Python", "Python3*", "site-packages", "nvidia", "cudnn", "bin")
		add(env("LOCALAPPDATA"), "Programs", "Python", "Python3*", wheel)
		add(env("CUDA_PATH"), "bin")
		return patterns
	}
	wheel := filepath.Join("lib", "python3*", "*-packages", "nvidia", "cudnn", "lib") // Debian has dist-packages
	add(env("VIRTUAL_ENV"), wheel)
	add(env("CONDA_PREFIX"), wheel)
	add(env("HOME"), ".local", wheel)
	for _, python := range []string{"/usr/local", "/usr", "/opt/conda"} {
		add(python, wheel)
	}
	add(env("CONDA_PREFIX"), "lib")
	add("/usr/local/cuda/lib64")
	return patterns
}

// loadDNNParts loads what a cuDNN of Python's packages opens by names that the loader would not find:
// its own parts, and the packages it depends on. What cannot be loaded may not be needed.
func loadDNNParts(name string) {
	dir := filepath.Dir(name)
	if !filepath.IsAbs(name) || runtime.GOOS == "windows" {
		return
	}
	major := filepath.Ext(name) // ".9"
	packages := filepath.Join(dir, "..", "..")
	for _, pattern := range []string{
		filepath.Join(packages, "cublas", "lib", "libcublasLt.so.*"),
		filepath.Join(packages, "cublas", "lib", "libcublas.so.*"),
		filepath.Join(packages, "cuda_nvrtc", "lib", "libnvrtc.so.*"),
		filepath.Join(dir, "libcudnn_graph.so"+major),
		filepath.Join(dir, "libcudnn_ops*.so"+major),
		filepath.Join(dir, "libcudnn_cnn*.so"+major),
		filepath.Join(dir, "libcudnn_engines_*.so"+major),
		filepath.Join(dir, "libcudnn_heuristic.so"+major),
	} {
		found, _ := filepath.Glob(pattern)
		for _, part := range found {
			_, _ = library.Open(part)
		}
	}
}
