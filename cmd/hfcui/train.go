package main

import (
	"runtime"

	"github.com/spf13/cobra"

	"hfcui/engine/optim"
	"hfcui/engine/plan"
	"hfcui/engine/train"
)

func trainCommand() *cobra.Command {
	c := train.Default("resnet20", "shapes")
	var dir string
	var out output
	cmd := &cobra.Command{
		Use:   "train --run DIR",
		Short: "Train a network; checkpoints and events go to a run folder",
		Long: "Trains a network and writes config.json, events.jsonl, model.safetensors and state.safetensors to the " +
			"run folder. The result depends on the flags alone.\n\n" +
			"After an interruption of any kind, the same command resumes from the last checkpoint and reaches the same " +
			"weights, bit for bit; hfcui train --run DIR is enough, as flags not given keep the run's values.",
		Example: "hfcui train --data cifar10 --net resnet20 --epochs 10 --crop 4 --flip --run runs/first",
		Args:    exactly(0, "no arguments"),
	}
	flags := cmd.Flags()
	namedVar(flags, &c.Data, "data", c.Data, "dataset folder or name", knownData)
	netVar(flags, &c.Net, "architecture to train")
	nameVar(flags, &c.Model, "model", "", "", "model file to start from, of any kind, instead of an untrained --net")
	normalized := normalizationFlags(flags)
	nameVar(flags, &c.Freeze, "freeze", "", "", "do not train the first N convolution and linear layers, or the backbone (all but the last): N or backbone; "+
		"frozen batch norm uses and keeps its running statistics")
	nameVar(flags, &dir, "run", "", "", "run folder; an existing run is resumed")
	countVar(flags, &c.Epochs, "epochs", "", c.Epochs, 1, 1<<20, "number of epochs")
	countVar(flags, &c.Batch, "batch", "", c.Batch, 2, maxBatch, "batch size")
	countVar(flags, &c.Keep, "keep", "", 0, 0, train.MaxKept, "keep the models of up to N epochs, evenly spaced, in the run folder (0: the last one only)")
	countVar(flags, &c.Limit, "limit", "n", 0, 0, maxImages, "train on the first N images only (0: all)")
	flags.Uint64Var(&c.Seed, "seed", c.Seed, "random seed of initial weights and data order")
	countVar(flags, &c.Threads, "threads", "", 0, 0, maxThreads, "compute threads (0: one per core)")
	deviceVar(flags, &c.Device)
	choiceVar(flags, &c.DType, "dtype", "data type of activations and products", plan.DTypes()...)
	choiceVar(flags, &c.Optimizer.Name, "optimizer", "optimizer", optim.Names()...)
	flags.Var((*number)(&c.LearningRate), "lr", "peak learning rate (default: the optimizer's, 0.1 for sgd)")
	choiceVar(flags, &c.Schedule, "schedule", "LR schedule", "onecycle", "cosine", "step", "constant")
	optimizerFlags(flags, &c.Optimizer)
	countVar(flags, &c.Crop, "crop", "", 0, 0, 64, "random crop with this many pixels of padding")
	countVar(flags, &c.Size, "size", "", 0, 0, train.MaxSide, "side of the images trained on, where the data's differ (0: theirs, or up to 64)")
	fitVar(flags, &c.Fit)
	flags.BoolVar(&c.Flip, "flip", false, "random horizontal flip")
	flags.BoolVar(&c.ShuffleLabels, "shuffle-labels", false, "permute the training labels once")
	finish := recipeFlags(flags, &c)
	measured := bandsDuring(flags)
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := required(cmd, "run"); err != nil {
			return err
		}
		if !flags.Changed("fit") {
			c.Fit = "" // of images of one size
		}
		resumed, err := begunWith(cmd.Flags(), dir, &c)
		if err != nil {
			return err
		}
		if cmd.Flags().Changed("net") && cmd.Flags().Changed("model") {
			return usagef("--net: the network is that of --model: use one of the two")
		}
		normalized(&c)
		if err := finish(); err != nil {
			return &usageError{err}
		}
		if !resumed {
			if err := fillOptimizer(cmd.Flags(), &c); err != nil {
				return err
			}
		}
		if err := measured(&c); err != nil {
			return err
		}
		if c.Threads == 0 {
			c.Threads = runtime.GOMAXPROCS(0)
		}
		return runTraining(cmd, dir, c, out)
	}
	return cmd
}
