// Package nets holds the architectures: what parameters each has, under the names
// torchvision's state dicts give them, and how it is built as a Gorgonia graph.
//
//	resnet18, resnet20, resnet32
//	    He et al. 2016 for small images: a 3×3 stem without pooling, stages layer1 …, each
//	    after the first halving height and width, 1×1 convolutions (downsample) where a
//	    shortcut changes shape, global average pooling, fc. Four stages of two blocks are
//	    resnet18 (64 to 512 channels); three stages of n blocks are resnet(6n+2) (16 to 64
//	    channels). "resnet18-w8" is resnet18 starting at 8 channels. Without batch norm
//	    (resnet20-nobn) convolutions have biases.
//	preact-resnet32
//	    The net of the paper's code, resnet(6n+2) with normalizing and rectifying before
//	    convolutions (He et al. 2016, "Identity mappings"); shortcuts that change shape are
//	    2×2 average pooling and channels of zeros, half of them before the others. Names are
//	    resnet's, bn2 is the last normalization. layer1.0 has no bn1. The paper trained
//	    preact-resnet32-nobn, which has neither batch norm nor biases but fc's.
//	vgg11
//	    Simonyan and Zisserman 2015 with batch norm: features numbered as torchvision's
//	    vgg11_bn, then, as usual for 32×32 images, global average pooling and one
//	    classifier layer. vgg11-nobn is numbered as torchvision's vgg11.
//	alexnet
//	    Krizhevsky et al. 2012 for 32×32 images: torchvision's numbering, all kernels 3×3,
//	    the first of stride 2, max pooling of 2×2, hidden layers of 4096. alexnet-bn has
//	    batch norm in place of the convolutions' biases, which counts in the numbering.
//	lenet5
//	    LeCun et al. 1998 as in PyTorch's tutorial: ReLU and max pooling; conv1, conv2, fc1,
//	    fc2, fc3. Images smaller than 32×32 are padded by 2, as the original's digits were.
//	    lenet5-bn has bn1 and bn2 in place of the convolutions' biases.
//
// Dropout, which changes nothing in evaluation, is part of programs for training only.
package nets
