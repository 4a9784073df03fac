// Package experiment repeats the paper's experiments (Wang, Wu, Huang, Xing 2020,
// arXiv 1905.13545): each is a declared grid of settings and seeds, every cell an ordinary
// training run in a folder of its own, and ends in a report with tables, figures and a verdict
// on each criterion.
//
// An experiment's folder holds
//
//	experiment.json     the plan: settings and seeds
//	SETTING-seedN/      run folders, see package train
//	  measured.json     measurements after training
//	report/             report.md, results.json, experiment.json and figures as SVG and PNG
//
// Completed work is not repeated, so that an experiment can be stopped at any point and resumed
// by the same call.
package experiment
