package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBadInputIsRefused wants one clear line for everything that can be wrong with a
// command line or with the files it names.
func TestBadInputIsRefused(t *testing.T) {
	if raceDetector {
		t.Skip("one goroutine reads flags and files, and starting the command hundreds of times takes long")
	}
	dir := fixtures(t)
	for _, c := range []struct {
		args   string // words, "" written as ''
		status int
		words  []string // in the message
	}{
		// The command itself.
		{"", 1, []string{"terminal", "bands"}},
		{"explore", 1, []string{"terminal", "bands"}},
		{"explore photo.png", 1, []string{"terminal"}},
		{"photo.png", 1, []string{"terminal"}},
		{"spilt", 2, []string{"spilt", "did you mean split?"}},
		{"--nosuch", 2, []string{"--nosuch"}},
		{"bands --modle x", 2, []string{"did you mean --model?"}},
		{"bands -z", 2, []string{"-z"}},
		{"help nosuch", 2, []string{"nosuch"}},
		{"explore --pictures ascii", 2, []string{"ascii", "sixel", "blocks"}},
		{"explore --page brands", 2, []string{"did you mean bands?"}},
		{"explore --index -1", 2, []string{"--index"}},
		{"explore photo.png --data shapes", 2, []string{"--data"}},
		{"explore --image ''", 2, []string{"empty"}},
		{"explore nosuch.png", 1, []string{"nosuch.png"}},
		{"nosuch.png", 1, []string{"nosuch.png"}},

		// split
		{"split", 2, []string{"missing image"}},
		{"split photo.png", 2, []string{"-r"}},
		{"split '' -r 4", 2, []string{"empty"}},
		{"split photo.png gray.png -r 4", 2, []string{"gray.png"}},
		{"split photo.png -r -1", 2, []string{"-1", "0 or more"}},
		{"split photo.png -r NaN", 2, []string{"NaN"}},
		{"split photo.png -r Inf", 2, []string{"Inf"}},
		{"split photo.png -r 1e999", 2, []string{"-r 1e999: out of range"}},
		{"split photo.png -r 4 --json=maybe", 2, []string{"--json maybe: use true or false"}},
		{"split photo.png -r four", 2, []string{"four", "not a number"}},
		{"split photo.png -r ''", 2, []string{"not a number"}},
		{"split photo.png -r", 2, []string{"-r needs a value"}},
		{"split photo.png -r 4 -o ''", 2, []string{"-o"}},
		{"split nosuch.png -r 4", 1, []string{"nosuch.png: no such file", "check the name"}},
		{"split empty.png -r 4", 1, []string{"empty.png"}},
		{"split cut.png -r 4", 1, []string{"cut.png"}},
		{"split text.png -r 4", 1, []string{"text.png"}},
		{"split huge.png -r 4", 1, []string{"huge.png"}},
		{"split control\x1b[31m.png -r 4", 1, []string{"control"}},
		{"split pairs -r 4", 1, []string{"pairs"}},
		{"split photo.png -r 4 -o gray.png", 1, []string{"gray.png"}},
		{"split photo.png -r 4 -o gray.png/below", 1, []string{"gray.png"}},

		// predict
		{"predict", 2, []string{"missing image files"}},
		{"predict photo.png --part low", 2, []string{"-r"}},
		{"predict photo.png --part middle -r 4", 2, []string{"middle", "whole, low, high"}},
		{"predict photo.png --rho -1", 2, []string{"--rho"}},
		{"predict photo.png --rho NaN", 2, []string{"--rho"}},
		{"predict photo.png --net resnet21", 2, []string{"did you mean resnet20?"}},
		{"predict photo.png --model ''", 2, []string{"--model", "empty"}},
		{"predict photo.png --model dmeo", 2, []string{"dmeo", "did you mean demo?"}},
		{"kernels --model dmeo", 2, []string{"did you mean demo?"}},
		{"predict photo.png --model nosuch.pt", 1, []string{"nosuch.pt"}},
		{"predict photo.png --model pairs", 1, []string{"pairs"}},
		{"predict photo.png --model empty.safetensors", 1, []string{"empty.safetensors"}},
		{"predict photo.png --model cut.safetensors", 1, []string{"cut.safetensors"}},
		{"predict photo.png --model header.safetensors", 1, []string{"header.safetensors"}},
		{"predict photo.png --model liar.safetensors", 1, []string{"liar.safetensors"}},
		{"predict photo.png --model alien.safetensors", 1, []string{"alien.safetensors"}},
		{"predict photo.png --model evil.pt", 1, []string{"evil.pt"}},
		{"predict photo.png --model page.pt", 1, []string{"page.pt"}},
		{"predict photo.png --model demo --net lenet5", 1, []string{"lenet5"}},
		{"predict photo.png nosuch.png", 1, []string{"nosuch.png"}},
		{"predict cut.png", 1, []string{"cut.png"}},

		// bands
		{"bands photo.png", 2, []string{"photo.png"}},
		{"bands -r ''", 2, []string{"-r"}},
		{"bands -r ,", 2, []string{"-r"}},
		{"bands -r 4,,8", 2, []string{"-r"}},
		{"bands -r 4,-8", 2, []string{"-r 4,-8: -8: must be finite"}},
		{"bands -r -1", 2, []string{"-r -1: must be finite"}},
		{"bands -r 4:NaN:1", 2, []string{"NaN"}},
		{"bands -r 8:4:1", 2, []string{"empty range"}},
		{"bands -r 0:4:0", 2, []string{"empty range"}},
		{"bands -r 0:1:1:1", 2, []string{"start:stop:step"}},
		{"bands -r 0:1e12:1", 2, []string{"more than"}},
		{"bands -r " + strings.Repeat("1,", 5000) + "1", 2, []string{"more than"}},
		{"bands -n -1", 2, []string{"-n", "0 or more"}},
		{"bands -n 1.5", 2, []string{"-n", "integer"}},
		{"bands -n 99999999999999999999", 2, []string{"-n", "must be at most"}},
		{"bands -n -99999999999999999999", 2, []string{"-n", "0 or more"}},
		{"bands --split validation", 2, []string{"validation", "test, train"}},
		{"bands --normalize maximum", 2, []string{"maximum", "none, max, std"}},
		{"bands --bn baatch", 2, []string{"did you mean batch?"}},
		{"bands --data nosuch", 2, []string{"nosuch", "shapes"}},
		{"bands --data shaeps", 2, []string{"did you mean shapes?"}},
		{"bands --data shaeps:seed=2", 2, []string{"did you mean shapes?"}},
		{"bands --data nosuch/folder", 1, []string{"nosuch/folder"}},
		{"bands --data cifar01", 2, []string{"cifar01", "cifar10"}},
		{"bands --data cifar10", 1, []string{"cifar10", "hfcui data get"}},
		{"bands --data nothing", 1, []string{"nothing"}},
		{"bands --data empty.png", 1, []string{"empty.png"}},
		{"bands --data broken", 1, []string{"broken"}},
		{"bands --data cifar", 1, []string{"cifar"}},
		{"bands --data labels", 1, []string{"labels"}},
		{"bands --data pairs", 1, []string{"demo", "classes"}},
		{"bands --data photo.png", 1, []string{"labels"}},
		{"bands --data pairs --split train", 1, []string{"train"}},

		// flips and kernels
		{"flips", 2, []string{"-r"}},
		{"flips -r 4,8", 2, []string{"not a number"}},
		{"flips -r 4 --by wavelet", 2, []string{"wavelet", "fourier", "svd"}},
		{"flips -r 4 --data pairs", 1, []string{"classes"}},
		{"kernels --rho inf", 2, []string{"--rho"}},
		{"kernels --rho x", 2, []string{"--rho"}},
		{"kernels --rho 1e9", 2, []string{"--rho", "1e+06"}},
		{"kernels -o x.gif", 2, []string{"x.gif", "cannot write .gif", "supported: .png"}},
		{"kernels -o x", 2, []string{"supported: .png"}},
		{"heatmap -o x.svg", 2, []string{"supported: .png"}},
		{"heatmap -o nosuch/map.png", 1, []string{"nosuch", "folder"}},
		{"heatmap --seed 0", 2, []string{"--seed", "1 or more"}},
		{"kernels --model empty.safetensors", 1, []string{"empty.safetensors"}},
		{"kernels -o nosuch/kernels.png", 1, []string{"nosuch"}},

		// attack
		{"attack photo.png", 2, []string{"photo.png"}},
		{"attack --epsilon NaN", 2, []string{"--epsilon NaN: must be finite"}},
		{"attack --epsilon Inf", 2, []string{"--epsilon Inf: must be finite"}},
		{"attack --epsilon 0.1,-Inf", 2, []string{"-Inf: must be finite"}},
		{"attack --epsilon -0.1", 2, []string{"0 or more"}},
		{"attack --epsilon 0.03,1.01", 2, []string{"epsilon 1.01", "0 to 1"}},
		{"attack --epsilon 8", 2, []string{"epsilon 8", "8/255"}},
		{"attack --epsilon 8/0", 2, []string{"division by 0"}},
		{"attack --epsilon x", 2, []string{"--epsilon x: not a number"}},
		{"attack --epsilon 0.1,,0.2", 2, []string{"--epsilon"}},
		{"attack --epsilon ''", 2, []string{"--epsilon", "not a number"}},
		{"attack --epsilon 0.2:0.1", 2, []string{"empty range"}},
		{"attack --norm l2 --epsilon 1e9", 2, []string{"epsilon 1e+09"}},
		{"attack --norm l3", 2, []string{"linf, l2"}},
		{"attack --steps 0", 2, []string{"--steps 0: must be 1 or more"}},
		{"attack --steps -1", 2, []string{"--steps"}},
		{"attack --steps 2.5", 2, []string{"integer"}},
		{"attack --step-size 0", 2, []string{"--step-size", "above 0"}},
		{"attack --step-size NaN", 2, []string{"--step-size"}},
		{"attack --step-size -1", 2, []string{"--step-size"}},
		{"attack --method fgsmm", 2, []string{"did you mean fgsm?"}},
		{"attack --method ''", 2, []string{"--method", "fgsm"}},
		{"attack --method worst", 2, []string{"worst"}},
		{"attack --restarts 0", 2, []string{"--restarts"}},
		{"attack --restarts 3", 2, []string{"random start"}},
		{"attack --rho NaN", 2, []string{"--rho"}},
		{"attack --rho 0,-1", 2, []string{"--rho"}},
		{"attack --rho 1e300", 2, []string{"rho 1e+300"}},
		{"attack --seed x", 2, []string{"--seed"}},
		{"attack --band middle", 2, []string{"low, high, ring"}},
		{"attack --band low", 2, []string{"-r"}},
		{"attack -r 8", 2, []string{"--band"}},
		{"attack --band ring -r 8", 2, []string{"inner,outer"}},
		{"attack --band ring -r 8,4", 2, []string{"ring"}},
		{"attack --band low -r 4,8", 2, []string{"-r"}},
		{"attack --queries 0", 2, []string{"--queries"}},
		{"attack --band low -r 4 --square", 2, []string{"square", "band"}},
		{"attack --band low -r 4 --method minimal-pgd", 2, []string{"minimal-pgd", "band"}},
		{"attack --norm l2 --method minimal-fgsm", 2, []string{"minimal-fgsm"}},
		{"attack --layer ''", 2, []string{"--layer"}},
		{"attack --rho 1 --layer fc --data shapes:test=20", 1, []string{"fc", "convolution"}},
		{"attack --rho 1 --layer conv9 --data shapes:test=20", 1, []string{"conv9", "convolutions"}},
		{"attack --data pairs", 1, []string{"demo", "classes"}},
		{"attack --data nosuch", 2, []string{"nosuch"}},
		{"attack --model nosuch.pt", 1, []string{"nosuch.pt"}},

		// explore
		{"pairs", 2, []string{"pairs: a folder, not an image", "hfcui watch pairs"}},
		{"evil.pt", 2, []string{"evil.pt: a model, not an image", "--model evil.pt"}},

		// train
		{"train", 2, []string{"--run"}},
		{"train --run r --epochs 0", 2, []string{"--epochs"}},
		{"train --run r --batch 1", 2, []string{"--batch"}},
		{"bands --dtype int8", 2, []string{"--dtype", "fp32, tf32, bf16"}},
		{"train --run r --dtype fp16", 2, []string{"--dtype", "fp32, tf32, bf16"}},
		{"train --run r --batch 1000000", 2, []string{"--batch"}},
		{"train --run r --lr 0", 2, []string{"learning rate"}},
		{"train --run r --lr nan", 2, []string{"--lr"}},
		{"train --run r --momentum 1", 2, []string{"momentum"}},
		{"train --run r --optimizer lion", 2, []string{"--optimizer", "adamw"}},
		{"train --run r --optimizer adam --momentum 0.5", 2, []string{"--momentum", "adam"}},
		{"train --run r --optimizer adam --beta1 1", 2, []string{"beta1"}},
		{"train --run r --nesterov --momentum 0", 2, []string{"Nesterov"}},
		{"train --run r --crop -4", 2, []string{"--crop"}},
		{"train --run r --seed -1", 2, []string{"--seed -1: not an integer"}},
		{"train --run r --schedule linear", 2, []string{"onecycle"}},
		{"train --run r --schedule step", 2, []string{"milestones"}},
		{"train --run r --schedule step --milestones 3,x", 2, []string{"--milestones", "integer"}},
		{"train --run r --milestones 3", 2, []string{"schedule step"}},
		{"train --run r --steps 0", 2, []string{"--steps"}},
		{"train --run r --steps 9 --epochs 2", 2, []string{"set one of them"}},
		{"train --run r --init zero", 2, []string{"he, xavier"}},
		{"train --run r --input low", 2, []string{"radius"}},
		{"train --run r -r 4", 2, []string{"radius 4", "low or high"}},
		{"train --run r --normalize min", 2, []string{"none, max, std"}},
		{"train --run r --mixup 1e9", 2, []string{"mixup"}},
		{"train --run r --dropout 1", 2, []string{"dropout"}},
		{"train --run r --label-noise 2", 2, []string{"label noise"}},
		{"train --run r --net lenet5 --fixed-norms", 1, []string{"no batch norm"}},
		{"train --run r --adversarial 8", 2, []string{"8/255"}},
		{"train --run r --adversarial 8/0", 2, []string{"division by 0"}},
		{"train --run r --adversarial 8/255 --mixup 1", 2, []string{"mixup"}},
		{"train --run r --attack-steps 3", 2, []string{"--attack-steps requires --adversarial"}},
		{"train --run r --net resnet", 2, []string{"resnet20"}},
		{"train --run r --data nosuch", 2, []string{"nosuch"}},
		{"train --run r --data pairs", 1, []string{"train"}},
		{"train --run r --data shapes:train=20 --batch 64", 1, []string{"--batch"}},
		{"train --run photo.png --data shapes:train=256", 1, []string{"photo.png"}},
		{"train --run pairs/left --data shapes:train=256 --epochs 0", 2, []string{"--epochs"}},
		{"train --run r --bands 4,x", 2, []string{"--bands", "x"}},
		{"train --run r --mean half", 2, []string{"--model"}},
		{"train --run r --bands-every 2", 2, []string{"--bands-every requires --bands"}},
		{"train --run r --bands 4 --bands-split validation", 2, []string{"test, train"}},

		// reproduce
		{"reproduce", 2, []string{"missing experiment name"}},
		{"reproduce tabel1", 2, []string{"did you mean table1"}},
		{"reproduce fig3 --quick --full", 2, []string{"mutually exclusive"}},
		{"reproduce fig3 --data nosuch", 2, []string{"nosuch"}},
		{"reproduce fig3 --list", 2, []string{"unexpected argument"}},
		{"reproduce fig3 --data shapes:train=64,test=32 --run photo.png", 1, []string{"photo.png"}},

		// watch
		{"watch", 2, []string{"missing run folders"}},
		{"watch ''", 2, []string{"empty"}},
		{"watch r --export runs.txt", 2, []string{"runs.txt", ".csv or .json"}},
		{"watch r --jsonl --json", 2, []string{"--jsonl"}},
		{"watch r --bands 4", 2, []string{"--bands requires --data"}},
		{"watch r --data nosuch", 2, []string{"nosuch"}},
		{"watch r --silence x", 2, []string{"--silence"}},
		{"watch pairs --export nosuch/runs.csv", 1, []string{"nosuch"}},
		{"watch pairs --tensorboard photo.png", 1, []string{"photo.png"}},
		{"watch photo.png --once", 1, []string{"photo.png", "not a folder"}},
		{"watch r", 1, []string{"r: no such folder", "--wait"}},

		// data and model
		{"data", 2, []string{"list, get, info"}},
		{"data gte", 2, []string{"did you mean get?"}},
		{"data get", 2, []string{"missing dataset"}},
		{"data get cifar100", 2, []string{"did you mean cifar10?"}},
		{"data get shapes", 2, []string{"not a downloadable dataset"}},
		{"data get mnist --from http://127.0.0.1:1/", 1, []string{"127.0.0.1:1"}},
		{"data info", 2, []string{"dataset"}},
		{"data info nosuch", 2, []string{"nosuch"}},
		{"data info cifar", 1, []string{"cifar"}},
		{"model", 2, []string{"info, convert"}},
		{"model info", 2, []string{"missing model"}},
		{"model info dmeo", 2, []string{"did you mean demo?"}},
		{"model convert dmeo a.safetensors", 2, []string{"did you mean demo?"}},
		{"model info evil.pt", 1, []string{"evil.pt"}},
		{"model convert demo", 2, []string{"missing model and output file"}},
		{"model convert demo demo.pt", 2, []string{"safetensors"}},
		{"model convert nosuch.pt a.safetensors", 1, []string{"nosuch.pt"}},
		{"model convert demo nosuch/a.safetensors", 1, []string{"nosuch"}},
		{"kernels --rho 1 --save k.foo", 2, []string{"--save k.foo: cannot write .foo"}},
		{"model convert demo a.safetensors --classes one,two", 1, []string{"2 classes"}},
		{"model convert demo a.safetensors --std 0", 1, []string{"std"}},
		{"model convert demo a.safetensors --mean x", 2, []string{"--mean x: not a number"}},
		{"model convert demo a.safetensors --mean NaN", 2, []string{"--mean NaN: must be finite"}},

		// bench
		{"bench", 2, []string{"--work"}},
		{"bench --work tran", 2, []string{"did you mean train?"}},
		{"bench --work split --size 3", 2, []string{"--size", "WIDTHxHEIGHT"}},
		{"bench --work split --size 0x9", 2, []string{"--size"}},
		{"bench --work split --size 99999x99999", 2, []string{"--size"}},
		{"bench --work split --size 4096x4096 --batch 1024", 1, []string{"--batch"}},
		{"bench --work split --net resnet20", 2, []string{"--net"}},
		{"bench --work split --model demo", 2, []string{"--model"}},
		{"bench --work infer --model nosuch", 2, []string{"nosuch"}},
		{"bench --work infer --model demo --net vgg11", 1, []string{"vgg11"}},
		{"bench --work train --batch 0", 2, []string{"--batch"}},
		{"bench --work train --batch 1,x", 2, []string{"--batch", "x"}},
		{"bench --work train -r 3", 2, []string{"--radii"}},
		{"bench --work train --device tpu", 2, []string{"tpu", "cpu"}},
		{"bands --device tpu", 2, []string{"tpu", "auto, cpu"}},
		{"train --run x --device cpu:1", 2, []string{"cpu:1", "auto, cpu"}},
		{"watch x --device cpu", 2, []string{"--device requires --data"}},
		{"bench --work train --dtype fp8", 2, []string{"fp8", "fp32, tf32, bf16"}},
		{"bench --work split --dtype bf16", 2, []string{"--dtype", "split"}},
	} {
		t.Run(strings.TrimSpace(c.args[:min(60, len(c.args))]), func(t *testing.T) {
			t.Parallel()
			var args []string
			for _, a := range strings.Fields(c.args) {
				if a == "''" {
					a = ""
				}
				args = append(args, a)
			}
			hfcuiIn(t, dir, args...).refused(t, c.status, c.words...)
		})
	}
	t.Cleanup(func() {
		for _, left := range []string{"r", "a.safetensors", "low.png", "kernels.png"} {
			if _, err := os.Stat(filepath.Join(dir, left)); err == nil && left != "r" {
				t.Errorf("a refused command wrote %s", left)
			}
		}
	})
}

// TestNonsenseTensorsDoNotReachTheScreen wants names out of files printed safely.
func TestNonsenseTensorsDoNotReachTheScreen(t *testing.T) {
	dir := t.TempDir()
	model := safetensors(`{"\u001b]0;title\u0007":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0)
	if err := os.WriteFile(filepath.Join(dir, "m.safetensors"), model, 0o644); err != nil {
		t.Fatal(err)
	}
	hfcuiIn(t, dir, "model", "info", "m.safetensors").refused(t, 1, "m.safetensors")
}
