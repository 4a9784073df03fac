package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/nets"
)

// fixtures makes a folder of files, good and bad ones.
func fixtures(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	photo := picturePNG(t, 40, 30, 1)
	write("photo.png", photo)
	write("gray.png", grayPNG(t, 9, 7))
	write("empty.png", nil)
	write("cut.png", photo[:len(photo)/2])
	write("text.png", []byte("this is no picture\n"))
	write("huge.png", hugePNG(t))
	write("control\x1b[31m.png", []byte("no picture either"))
	for _, class := range []string{"left", "right"} {
		for i := range 3 {
			write(fmt.Sprintf("pairs/%s/%d.png", class, i), picturePNG(t, 32, 32, uint64(i)))
		}
	}
	write("nothing/readme.txt", []byte("no images here\n"))
	write("broken/left/a.png", []byte("no picture"))
	write("broken/right/b.png", []byte("no picture"))
	write("cifar/test_batch.bin", bytes.Repeat([]byte{3}, 1000))
	write("cifar/data_batch_1.bin", nil)
	label := make([]byte, 1+3*32*32)
	label[0] = 200
	write("labels/test_batch.bin", label)
	write("labels/data_batch_1.bin", label)
	write("empty.safetensors", nil)
	write("cut.safetensors", []byte("\x40\x00\x00\x00\x00\x00\x00\x00{\"a\":"))
	write("header.safetensors", append(binary.LittleEndian.AppendUint64(nil, 1<<60), '{'))
	write("liar.safetensors", safetensors(`{"conv1.weight":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}`))
	write("alien.safetensors", safetensors(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0))
	write("evil.pt", []byte("\x80\x02cos\nsystem\nX\x04\x00\x00\x00trueR."))
	write("page.pt", []byte("<!DOCTYPE html><html>not found</html>"))
	return dir
}

// tinyModel is a file of an untrained network with the demo model's input and classes, and a
// hundredth of its arithmetic: for what does not depend on what a model has learned.
func tinyModel(t *testing.T) string {
	t.Helper()
	path, err := writeTinyModel()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var writeTinyModel = sync.OnceValues(func() (string, error) {
	data, err := dataset.Open(context.Background(), "shapes", dataset.Options{})
	if err != nil {
		return "", err
	}
	m, err := model.New("resnet8-w4", [3]int{3, 32, 32}, data.Test.Classes(), nets.He, 1)
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(program), "tiny.safetensors")
	return path, m.Save(path)
})

// picturePNG is a picture of random blocks.
func picturePNG(t *testing.T, w, h int, seed uint64) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	im := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			im.SetRGBA(x, y, color.RGBA{uint8(random.IntN(256)), uint8(8 * (x % 32)), uint8(8 * (y % 32)), 255})
		}
	}
	return encodePNG(t, im)
}

func grayPNG(t *testing.T, w, h int) []byte {
	t.Helper()
	im := image.NewGray(image.Rect(0, 0, w, h))
	for i := range im.Pix {
		im.Pix[i] = uint8(37 * i)
	}
	return encodePNG(t, im)
}

func encodePNG(t *testing.T, im image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hugePNG is a small file whose header claims gigabytes.
func hugePNG(t *testing.T) []byte {
	t.Helper()
	b := picturePNG(t, 4, 4, 1)
	header := b[16:24]
	binary.BigEndian.PutUint32(header, 200000)
	binary.BigEndian.PutUint32(header[4:], 200000)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func safetensors(header string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}
