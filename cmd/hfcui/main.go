// Command hfcui explores how a convolutional network uses the low and the high frequencies of
// images: as a terminal program, and as commands for the same measurements. This package maps flags
// to calls, and results to text or JSON; the logic is in the packages below engine.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses.
const (
	exitFailed = 1
	exitUsage  = 2
	exitSignal = 128 // plus the number of the signal, as in shells
)

func main() { os.Exit(run(os.Args[1:])) }

// run executes a command line and returns the exit status.
func run(args []string) int {
	ctx, stop := notify(context.Background())
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	w := standardError()
	w.Hurry()
	defer w.Close()
	return report(w, err, context.Cause(ctx))
}

// report prints a command's error in one line and returns its exit status. cause is the cause of
// the end of the command's context, or nil.
func report(w io.Writer, err, cause error) int {
	var ended endedBy
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(cause, &ended):
		fmt.Fprintf(w, "hfcui: %s\n", oneLine(fmt.Sprintf("ended by a signal: %v%s", ended.Signal, whyEnded(err, ended))))
		return exitSignal + int(ended.Signal)
	case errors.As(err, &usage):
		fmt.Fprintf(w, "hfcui: %s\n", oneLine(err.Error()))
		return exitUsage
	}
	fmt.Fprintf(w, "hfcui: %s\n", oneLine(err.Error()))
	return exitFailed
}

// endedBy is the cause of a context that a signal canceled.
type endedBy struct{ syscall.Signal }

func (e endedBy) Error() string { return e.Signal.String() }

// notify returns a context that the first interrupt, quit, hang-up or termination signal
// cancels, so that commands stop without leaving partial files. A second one terminates the program.
func notify(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			number, _ := s.(syscall.Signal)
			cancel(endedBy{number})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}
