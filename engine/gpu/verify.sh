#!/usr/bin/env bash
# All that a GPU is asked, in one run of at most 9 minutes: whether results are right, how fast products,
# networks and the explorer are, and PyTorch beside them. It ends with one table, in Markdown.
#
#   bash engine/gpu/verify.sh build             where Go is: makes engine/gpu/verify/programs.tar.gz
#   bash engine/gpu/verify.sh 2>&1 | tee log    on the machine with the GPU, with that file in the checkout
#
# Needs an NVIDIA driver, Python and PyTorch; no network. Options, to try the script itself elsewhere:
#
#   --device NAME   cuda (default), cuda:1, opencl
#   --tiny          small batches, and no PyTorch
set -u
cd "$(dirname "${BASH_SOURCE[0]}")"
bin=$PWD/verify

if [ "${1:-}" = build ]; then
	set -e
	mkdir -p "$bin"
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$bin/hfcui" ../../cmd/hfcui
	CGO_ENABLED=0 go test -c -trimpath -ldflags='-s -w' -o "$bin/gpu.test" .
	tar -C "$bin" -czf "$bin/programs.tar.gz" hfcui gpu.test # what is to be carried
	rm "$bin/hfcui" "$bin/gpu.test"
	du -h "$bin"/*
	exit
fi

device=cuda tiny=
while [ $# -gt 0 ]; do
	case $1 in
	--device) device=$2 && shift ;;
	--tiny) tiny=yes ;;
	*) sed -n '2,13p' "${BASH_SOURCE[0]}" && exit 2 ;;
	esac
	shift
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -C "$work" -xzf "$bin/programs.tar.gz" || { echo "no programs in $bin: run verify.sh build where Go is" >&2 && exit 1; }
bin=$work
export HFCUI_CACHE=$work/cache # kernels are compiled and tiles chosen anew
python=$(command -v python3 || true)
[ -d /usr/local/nvidia/lib64 ] && export LD_LIBRARY_PATH=/usr/local/nvidia/lib64:${LD_LIBRARY_PATH:-}

# Every command has a limit in seconds, and every part a second by which it ends, so that the last is
# not left without time.
began=$SECONDS until=0 failures=()
elapsed() { echo $((SECONDS - began)); }
part() { # SECOND WORDS…
	until=$1
	shift
	printf '\n== %s, %d s so far\n' "$*" "$(elapsed)"
}
limited() { # NAME SECONDS COMMAND…: what fails is listed at the end
	local name=$1 limit=$2 left=$((until - $(elapsed)))
	shift 2
	[ "$limit" -lt $left ] || limit=$left
	if [ "$limit" -lt 3 ]; then
		failures+=("$name: no time left")
		return 1
	fi
	timeout -k 5 "$limit" "$@"
	local code=$?
	[ $code -eq 0 ] || failures+=("$name: $([ $code -eq 124 ] && echo "not done in $limit s" || echo "exit status $code")")
	return $code
}

part 30 machine
command -v nvidia-smi >/dev/null && timeout 20 nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,memory.total --format=csv,noheader
limited doctor 20 "$bin/hfcui" doctor

part 160 "results: the suite every device has to pass, and every kernel and tile"
# The interpreter's tests and the paper's figures are not the device's.
others='Mutants|EveryTile|Paper|Speed'
only=()
[ -n "$tiny" ] && only=(-test.run 'Contract|TestConv$|Linear|Tiles')
HFCUI_CUDNN=off limited results 125 "$bin/gpu.test" -device "$device" -test.short -test.skip "$others" ${only[@]+"${only[@]}"} -test.v >"$work/results"
grep -E '^ *--- FAIL|^panic|^FAIL|^ok|^PASS|_test.go:' "$work/results" | head -40
limited "cuDNN's results" 20 "$bin/gpu.test" -device "$device" -test.run 'TestLibrary(Conv|FusedConv)' 2>&1 | tail -20
printf '%d tests passed, %d failed, %d skipped\n' "$(grep -c -- '--- PASS' "$work/results")" "$(grep -c -- '--- FAIL' "$work/results")" "$(grep -c -- '--- SKIP' "$work/results")"

sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer 2>/dev/null | head -1)
if [ -n "$sanitizer" ]; then
	for tool in memcheck racecheck; do
		part 225 "$tool"
		limited "$tool" 35 "$sanitizer" --tool "$tool" --error-exitcode 9 "$bin/gpu.test" -device "$device" \
			-test.run 'TestConv$|FusedConv|Linear|Norm|Pool|Rows|Strided|Split|Ascent' 2>&1 | grep -E 'ERROR SUMMARY|RACECHECK SUMMARY|error|hazard|^ok|FAIL' | head -20
	done
else
	part 225 "no compute-sanitizer here: memcheck and racecheck are left out"
fi

part 290 "products, launches, an explorer's evaluation at a new r, splits"
for dtype in bf16 tf32; do
	[ -n "$tiny" ] && dtype=fp32
	limited "products in $dtype" 40 "$bin/gpu.test" -device "$device" -test.run TestSpeed -speed "$([ -n "$tiny" ] && echo 1 || echo 512)" -dtype $dtype
	[ -n "$tiny" ] && break
done

part 385 "networks: hfcui"
to=$work/ours
bench() { # LIMIT ARGUMENTS…: a line of JSON to $to
	local limit=$1
	shift
	limited "bench $*" "$limit" "$bin/hfcui" bench --device "$device" --json "$@" >"$work/one" && tr -d '\n' <"$work/one" >>"$to" && echo >>"$to"
}
: >"$work/ours"
: >"$work/own" # without cuDNN
if [ -n "$tiny" ]; then
	bench 60 --work train --net resnet20 --batch 1,2
	bench 60 --work infer --net resnet20 --batch 1
else
	for net in resnet20 resnet18; do
		bench 30 --work train --net $net --dtype bf16 --batch 128,512,2048
		bench 30 --work infer --net $net --dtype bf16 --batch 128,512,2048
	done
	bench 20 --work attack --net resnet20 --dtype bf16 --batch 512
	bench 20 --work bands --net resnet20 --dtype bf16 --batch 512
	if [ -n "$python" ] && limited "writing ResNet-50" 30 "$python" verify.py --write "$work/resnet50.pth"; then
		for batch in 128 512 2048; do
			bench 25 --work infer --model "$work/resnet50.pth" --dtype bf16 --batch $batch
			bench 25 --work train --model "$work/resnet50.pth" --dtype bf16 --batch $batch
		done
	fi
	export HFCUI_CUDNN=off
	to=$work/own
	for net in resnet20 resnet18; do
		bench 15 --work train --net $net --dtype bf16 --batch 512
		bench 10 --work infer --net $net --dtype bf16 --batch 512
	done
	unset HFCUI_CUDNN
fi
wc -l <"$work/ours" | sed 's/$/ measurements/'

part 525 "networks: PyTorch"
: >"$work/theirs"
if [ -z "$tiny" ] && [ -n "$python" ]; then
	limited PyTorch 525 "$python" verify.py --seconds $((505 - $(elapsed))) >"$work/theirs"
	cat "$work/theirs"
fi

part 540 table
if [ -n "$python" ]; then "$python" verify.py --table "$work/ours" "$work/own" "$work/theirs"; else cat "$work/ours"; fi
printf '\n%d s\n' "$(elapsed)"
[ ${#failures[@]} -eq 0 ] && echo "nothing failed" && exit
printf 'FAILED %s\n' "${failures[@]}"
exit 1
