package cudatest

import (
	"sync"
	"unsafe"

	"hfcui/engine/gpu/cuda"
)

// DNN returns a cuDNN that works in the host's memory as one of the driver's device: what it does is
// enqueued in the stream of its handle, and done on the memory that the device's addresses stand for.
// Failed of the driver knows its calls as "Convolve".
func (d *Driver) DNN(host cuda.DNN) cuda.DNN {
	return &dnn{DNN: host, d: d, streams: map[cuda.DNNHandle]cuda.Stream{}}
}

type dnn struct {
	cuda.DNN
	d       *Driver
	mu      sync.Mutex
	streams map[cuda.DNNHandle]cuda.Stream
}

// Open implements [cuda.DNN].
func (n *dnn) Open(s cuda.Stream) (cuda.DNNHandle, error) {
	h, err := n.DNN.Open(s)
	if err == nil {
		n.mu.Lock()
		n.streams[h] = s
		n.mu.Unlock()
	}
	return h, err
}

// Run implements [cuda.DNN].
func (n *dnn) Run(h cuda.DNNHandle, of *cuda.Described, algorithm int, memory [4]cuda.Extent) error {
	n.mu.Lock()
	s := n.streams[h]
	n.mu.Unlock()
	return (*context)(n.d).with("Convolve", func(d *Driver) error {
		return d.enqueue(s, func() error {
			host := memory
			for i, m := range memory {
				if m.Bytes == 0 {
					continue
				}
				b, err := d.memory(m.At, m.Bytes)
				if err != nil {
					return err
				}
				host[i].At = cuda.Address(uintptr(unsafe.Pointer(&b[0]))) // Go does not move memory of the heap
			}
			return n.DNN.Run(h, of, algorithm, host)
		}, memory[:]...)
	})
}
