// Package share serves the explorer over SSH. Every connection is a program of its own (package ui)
// over one shared Lab: Server accepts connections within Limits, session is an SSH session with a
// terminal, room knows who is there and who presents, and sharedLab has what several viewers ask for
// computed once, and refuses what the presenter has not allowed.
//
// A viewer has a terminal and nothing else: there is no shell, command, subsystem, forwarding or
// agent, and no file of the server can be named by viewers who may not open any. Sizes,
// environment, names and replies of terminals are checked before they are used.
package share
