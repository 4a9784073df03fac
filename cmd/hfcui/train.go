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
		Short: "Train a network and keep the run in a folder",
		Long: "Trains a network and keeps everything in the run folder: config.json, events.jsonl, " +
			"model.safetensors and state.safetensors. The result depends on the flags alone.\n\n" +
			"Interrupted in any way, the same command goes on from the last checkpoint, and comes to the same " +
			"weights; hfcui train --run DIR alone will do, for flags not given are those the run was begun with.",
		Example: "hfcui train --data cifar10 --net resnet20 --epochs 10 --crop 4 --flip --run runs/first",
		Args:    exactly(0, "no argument"),
	}
	flags := cmd.Flags()
	namedVar(flags, &c.Data, "data", c.Data, "a folder of images, or a data set's name", knownData)
	netVar(flags, &c.Net, "the network to train")
	nameVar(flags, &dir, "run", "", "", "folder for the run, or of a run to go on with")
	countVar(flags, &c.Epochs, "epochs", "", c.Epochs, 1, 1<<20, "how often every image is trained on")
	countVar(flags, &c.Batch, "batch", "", c.Batch, 2, maxBatch, "images a step")
	countVar(flags, &c.Limit, "limit", "n", 0, 0, maxImages, "train on the first N images only; 0 uses all")
	flags.Uint64Var(&c.Seed, "seed", c.Seed, "what starting weights and order are drawn from")
	countVar(flags, &c.Threads, "threads", "", 0, 0, maxThreads, "threads; 0 is one for every core")
	deviceVar(flags, &c.Device)
	choiceVar(flags, &c.DType, "dtype", "how images are stored and multiplied between layers", plan.DTypes()...)
	choiceVar(flags, &c.Optimizer.Name, "optimizer", "how weights follow gradients", optim.Names()...)
	flags.Var((*number)(&c.LearningRate), "lr", "largest learning rate; unless said, the optimizer's usual one")
	choiceVar(flags, &c.Schedule, "schedule", "how the learning rate goes", "onecycle", "cosine", "step", "constant")
	optimizerFlags(flags, &c.Optimizer)
	countVar(flags, &c.Crop, "crop", "", 0, 0, 64, "random crops after so many pixels of padding")
	flags.BoolVar(&c.Flip, "flip", false, "mirror half of the images")
	flags.BoolVar(&c.ShuffleLabels, "shuffle-labels", false, "permute the training labels once")
	finish := recipeFlags(flags, &c)
	measured := bandsDuring(flags)
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := required(cmd, "run"); err != nil {
			return err
		}
		resumed, err := begunWith(cmd.Flags(), dir, &c)
		if err != nil {
			return err
		}
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
