package kernel

import (
	"math/rand/v2"
	"testing"
)

func TestTranspose(t *testing.T) {
	for _, s := range Sets() {
		rng := rand.New(rand.NewPCG(1, 2))
		from := random(rng, 40*Block)
		var rows [Block]int32
		for i, row := range rng.Perm(39)[:Block] {
			rows[i] = int32(4 * (row*Block + rng.IntN(Block)))
		}
		const stride = 19 // elements
		to := make([]float32, Block*stride)
		s.Transpose(&from[0], &to[0], &rows[0], 4*stride)
		for i, v := range to {
			row, want := i%stride, float32(0)
			if row < Block {
				want = from[int(rows[row])/4+i/stride]
			}
			if v != want {
				t.Fatalf("%s: element %d of column %d is %v, not %v", s.Name, row, i/stride, v, want)
			}
		}
	}
}
