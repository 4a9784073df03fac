// Package experiment repeats the paper's experiments (Wang, Wu, Huang, Xing 2020,
// arXiv 1905.13545): each is a declared grid of settings and seeds, every cell an ordinary
// training run in a folder of its own, and ends in a report with tables, figures and what
// came of each criterion.
//
// An experiment's folder holds
//
//	experiment.json     what is done: the settings and the seeds
//	SETTING-seedN/      run folders, see package train
//	  measured.json     what was measured when the run had ended
//	report/             report.md, results.json, experiment.json and figures as SVG and PNG
//
// What is done is not done again, so that an experiment can be ended in any way and taken
// up by the same call.
package experiment
