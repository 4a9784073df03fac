// Package nets defines the architectures: their parameters, named as in torchvision's state
// dicts, and their Gorgonia graphs. It recognizes architectures from state dicts.
//
//	resnet18, resnet20, resnet32
//	    He et al. 2016 for small images: a 3×3 stem without pooling, stages layer1 …, each
//	    after the first halving height and width, 1×1 convolutions (downsample) where a
//	    shortcut changes shape, global average pooling, fc. Four stages of two blocks are
//	    resnet18 (64 to 512 channels); three stages of n blocks are resnet(6n+2) (16 to 64
//	    channels). "resnet18-w8" is resnet18 starting at 8 channels. Without batch norm
//	    (resnet20-nobn) convolutions have biases.
//	preact-resnet32
//	    The net of the paper's code, resnet(6n+2) with norm and ReLU before convolutions
//	    (He et al. 2016, "Identity mappings"); shortcuts that change shape are 2×2 average
//	    pooling with zero channels added, half of them on each side. Names are resnet's; bn2
//	    is the final norm; layer1.0 has no bn1. The paper trained preact-resnet32-nobn,
//	    without batch norm and biases except fc's.
//	vgg11
//	    Simonyan and Zisserman 2015 with batch norm: features numbered as in torchvision's
//	    vgg11_bn, then, as usual for 32×32 images, global average pooling and one
//	    classifier layer. vgg11-nobn is numbered as in torchvision's vgg11.
//	alexnet
//	    Krizhevsky et al. 2012 for 32×32 images: torchvision's numbering, all kernels 3×3,
//	    the first of stride 2, 2×2 max pooling, hidden layers of 4096 units. alexnet-bn has
//	    batch norm instead of the convolutions' biases, which changes the numbering.
//	lenet5
//	    LeCun et al. 1998 as in PyTorch's tutorial: ReLU and max pooling; conv1, conv2, fc1,
//	    fc2, fc3. Images smaller than 32×32 are padded by 2, as MNIST was originally.
//	    lenet5-bn has bn1 and bn2 instead of the convolutions' biases.
//
// Dropout, the identity in evaluation, is part of training programs only.
package nets
