// Package measure holds what the evaluations of a model have in common: the score and its
// confidence interval, the classifier and the labeled images it is evaluated on, the order and
// the batches they are taken in, and measurements that can be interrupted and resumed.
// Packages bands, attack and heatmap build on it.
package measure
