package dataset

import (
	"os"
	"path/filepath"
)

// source is a public dataset and its official URLs.
type source struct {
	name, about string
	bases       []string // tried in order
	files       []remoteFile
}

// remoteFile is a file of a source. Digests are those of its publishers and torchvision, against
// corruption, for which MD5 suffices.
type remoteFile struct {
	name string
	md5  string
	size int64
}

// sources are the datasets of Get. CIFAR-10 is in the binary layout, which needs no unpickling.
// MNIST's original server, yann.lecun.com, is often unavailable.
var sources = []source{
	{
		name: "cifar10", about: "CIFAR-10: 60,000 color photographs of 10 classes, 32×32",
		bases: []string{"https://www.cs.toronto.edu/~kriz/"},
		files: []remoteFile{{"cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 170052171}},
	},
	{
		name: "mnist", about: "MNIST: 70,000 handwritten digits, 28×28, gray",
		bases: []string{"https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"},
		files: []remoteFile{
			{"train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9912422},
			{"train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 28881},
			{"t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 1648877},
			{"t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 4542},
		},
	},
	{
		name: "fashion-mnist", about: "Fashion-MNIST: 70,000 pictures of clothes of 10 classes, 28×28, gray",
		bases: []string{"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"},
		files: []remoteFile{
			{"train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26421880},
			{"train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 29515},
			{"t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 4422102},
			{"t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 5148},
		},
	},
}

func sourceByName(name string) *source {
	for i := range sources {
		if sources[i].name == name {
			return &sources[i]
		}
	}
	return nil
}

// size returns the bytes to download.
func (s *source) size() (n int64) {
	for _, f := range s.files {
		n += f.size
	}
	return n
}

// Names returns the names that Open and, except the first, Get accept.
func Names() []string {
	names := []string{"shapes"}
	for _, s := range sources {
		names = append(names, s.name)
	}
	return names
}

// Listing is a dataset with a name.
type Listing struct {
	Name     string `json:"name"`
	About    string `json:"about"`
	Dir      string `json:"dir,omitempty"`      // its folder; "" if missing or generated
	Ready    bool   `json:"ready"`              // can be opened now
	Download int64  `json:"download,omitempty"` // maximum bytes to download
}

// List returns the datasets with a name and whether they are in the cache folder ("": CacheDir()).
func List(cacheDir string) ([]Listing, error) {
	all := []Listing{{Name: "shapes", About: "procedural: silhouettes in the low, textures in the high frequencies; 10 classes, 32×32", Ready: true}}
	for _, s := range sources {
		l := Listing{Name: s.name, About: s.about, Download: s.size()}
		dir, err := cachedDir(s.name, cacheDir)
		if err != nil {
			return nil, err
		}
		if exists(dir) {
			l.Dir, l.Ready, l.Download = dir, true, 0
		}
		all = append(all, l)
	}
	return all, nil
}

// CacheDir returns the folder of downloaded datasets: $HFCUI_CACHE if set, otherwise hfcui in the
// user's cache folder. It need not exist.
func CacheDir() (string, error) {
	if dir := os.Getenv("HFCUI_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "hfcui"), nil
}

// cachedDir returns the folder of a dataset in a cache folder ("": CacheDir()).
func cachedDir(name, cache string) (string, error) {
	if cache == "" {
		var err error
		if cache, err = CacheDir(); err != nil {
			return "", err
		}
	}
	return filepath.Join(cache, name), nil
}
