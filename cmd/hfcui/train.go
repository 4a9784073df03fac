package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"hfcui/engine/cpu"
	"hfcui/engine/dataset"
	"hfcui/engine/optim"
	"hfcui/engine/train"
)

func trainCommand() *cobra.Command {
	c := train.Default("resnet20", "shapes")
	var dir string
	var out output
	cmd := &cobra.Command{
		Use:   "train --run DIR",
		Short: "Train a network and keep the run in a folder",
		Long: "Trains a network and writes config.json, events.jsonl and, after every epoch, " +
			"model.safetensors into the run folder. The result depends on the flags alone.",
		Example: "hfcui train --data cifar10 --net resnet20 --epochs 10 --crop 4 --flip --run runs/first",
		Args:    exactly(0, "no argument"),
	}
	flags := cmd.Flags()
	namedVar(flags, &c.Data, "data", c.Data, "a folder of images, or a data set's name", knownData)
	netVar(flags, &c.Net, "the network to train")
	nameVar(flags, &dir, "run", "", "", "folder for the run; it must not hold another")
	countVar(flags, &c.Epochs, "epochs", "", c.Epochs, 1, 1<<20, "how often every image is trained on")
	countVar(flags, &c.Batch, "batch", "", c.Batch, 2, maxBatch, "images a step")
	countVar(flags, &c.Limit, "limit", "n", 0, 0, maxImages, "train on the first N images only; 0 uses all")
	flags.Uint64Var(&c.Seed, "seed", c.Seed, "what starting weights and order are drawn from")
	countVar(flags, &c.Threads, "threads", "", 0, 0, maxThreads, "threads; 0 is one for every core")
	choiceVar(flags, &c.Optimizer.Name, "optimizer", "how weights follow gradients", optim.Names()...)
	flags.Var((*number)(&c.LearningRate), "lr", "largest learning rate; unless said, the optimizer's usual one")
	choiceVar(flags, &c.Schedule, "schedule", "how the learning rate goes", "onecycle", "cosine", "step", "constant")
	optimizerFlags(flags, &c.Optimizer)
	countVar(flags, &c.Crop, "crop", "", 0, 0, 64, "random crops after so many pixels of padding")
	flags.BoolVar(&c.Flip, "flip", false, "mirror half of the images")
	flags.BoolVar(&c.ShuffleLabels, "shuffle-labels", false, "permute the training labels once")
	finish := recipeFlags(flags, &c)
	out.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := required(cmd, "run"); err != nil {
			return err
		}
		if err := finish(); err != nil {
			return &usageError{err}
		}
		if err := fillOptimizer(cmd.Flags(), &c); err != nil {
			return err
		}
		if c.Threads == 0 {
			c.Threads = runtime.GOMAXPROCS(0)
		}
		return runTraining(cmd, dir, c, out)
	}
	return cmd
}

func runTraining(cmd *cobra.Command, dir string, c train.Config, out output) error {
	if err := c.Check(); err != nil {
		return &usageError{err}
	}
	data, err := dataset.Open(cmd.Context(), c.Data, dataset.Options{})
	if err != nil {
		return err
	}
	defer data.Close()
	device, err := cpu.New(cpu.Options{Threads: c.Threads})
	if err != nil {
		return err
	}
	var last train.Event
	line := newProgress()
	_, err = train.Run(cmd.Context(), dir, c, data, device, func(e train.Event) {
		last = e
		train := ""
		if e.Train != nil {
			train = "  train " + percent(*e.Train)
		}
		line.set("epoch %d  loss %.4f%s  %.0f images/s", e.Epoch, e.Loss, train, e.ImagesPerSecond)
	})
	line.clear()
	if err != nil {
		return err
	}
	return out.print(last, func(w io.Writer) {
		fmt.Fprintf(w, "epoch\t%d, step %d\n", last.Epoch, last.Step)
		fmt.Fprintf(w, "loss\t%.4f\n", last.Loss)
		if last.Train != nil {
			fmt.Fprintf(w, "train\t%s\n", percent(*last.Train))
		}
		if last.Test != nil {
			fmt.Fprintf(w, "test\t%s\n", percent(*last.Test))
		}
		fmt.Fprintf(w, "speed\t%.0f images/s, %.1f s\n", last.ImagesPerSecond, last.Seconds)
		fmt.Fprintf(w, "run\t%s\n", oneLine(dir))
	})
}
