// Package attack generates adversarial examples: images within a perturbation budget ε of
// given ones, in L∞ or L2 with pixels in [0,1], that a model misclassifies.
//
// Options configure an attack, New returns it, and its Run attacks a Target; NewTarget makes
// one of a model. All methods guarantee that
//
//   - perturbations exceed ε by one rounding to float32 at most, measured on the result, and
//     pixels stay in [0,1];
//   - the result for an image depends on the image, its label, its index and the options, not
//     on the other images of a run. (Targets of another batch size may round differently.)
//   - the model is in evaluation mode: batch norm uses running statistics and keeps them;
//   - ε = 0 returns the images themselves.
//
// PGD is also exported on its own, for adversarial training. Methods are entries of a table:
// to add one, define its Method and attacker in a file of its own and list it in the table of
// methods.go.
package attack
