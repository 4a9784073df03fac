// Package attack makes adversarial images: not further from given ones than ε, in the
// largest change of a pixel (L∞) or in the root of the sum of squares (L2), pixels being 0 to
// 1, and such that a model takes them for another class than their true one.
//
// Options say how, New makes an Attack of them, and its Run attacks a Target, which for a
// model is made by NewTarget. What is promised of every method:
//
//   - No perturbation is larger than ε by more than one rounding to float32, as measured on
//     what is returned, and no pixel is outside [0,1].
//   - What becomes of an image depends on the image, its label, its index and the options, not
//     on what other images it is attacked together with. (Targets for other batch sizes may
//     round otherwise.)
//   - The model answers in evaluation mode: batch norm uses running statistics and leaves them.
//   - ε = 0 gives the images themselves.
//
// PGD is also there on its own, for adversarial training.
package attack
