// Package dataset reads labeled images: CIFAR and STL-10 in their layouts, MNIST and its relatives as
// IDX files, NumPy and MATLAB arrays, Parquet files, tar archives, folders of image files, and the
// procedural dataset shapes. It also downloads public datasets to the user's cache folder.
//
// Images are CHW float32 with pixels in [0,1], row-major, of 1 or 3 (RGB) channels. A Set is one
// split of a dataset and reads images on demand; sizes in files are checked before memory is
// allocated.
package dataset
