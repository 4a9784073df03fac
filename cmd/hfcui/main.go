// Command hfcui shows what a convolutional network sees in the low and the high
// frequencies of an image: as a terminal program, and as commands that measure the same
// things without one. This package turns flags into calls and results into text or JSON;
// what the commands do is in package engine and those below it.
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
	exitSignal = 128 // plus the number of the signal, as shells have it
)

func main() { os.Exit(run(os.Args[1:])) }

// run carries out one command line and returns the exit status.
func run(args []string) int {
	ctx, stop := notify(context.Background())
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	return report(os.Stderr, root.ExecuteContext(ctx), context.Cause(ctx))
}

// report says in one line why a command failed, and returns its exit status. cause is
// why the command's context ended, or nil.
func report(w io.Writer, err, cause error) int {
	var ended endedBy
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(cause, &ended):
		fmt.Fprintf(w, "hfcui: %s\n", oneLine(fmt.Sprintf("ended by a signal: %v%s", ended.Signal, whyEnded(err))))
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

// notify returns a context that the first interrupt, hang-up or termination signal
// cancels, so that commands stop without leaving half a file. A second one ends the
// program at once.
func notify(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
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
