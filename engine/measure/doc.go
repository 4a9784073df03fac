// Package measure is the common basis of evaluations: scores with confidence intervals, classifiers
// and evaluation images, their order and batches, and measurements that can be interrupted and
// resumed. Packages bands, attack and heatmap build on it.
package measure
